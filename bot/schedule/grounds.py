"""The rules of content: what may not or should not be said, and on what ground.

The sources are where each regulation was read (2026-11); most are copies, and the original governs.
"""

from __future__ import annotations

from typing import Final

from bot.domain.problem import Severity
from bot.domain.rule import Group, Rule
from bot.i18n import N_
from bot.schedule.grounds_calendar import CALENDAR, CHECKING

_SCIENCE: Final = "九部门《全媒体健康科普知识发布和传播机制的指导意见》(2022)"
_SCIENCE_AT: Final = "https://jkbayu.com/a/xingyezixun/2022/0602/15385.html"
_MEDIA_2025: Final = "四部门《关于规范“自媒体”医疗科普行为的通知》(2025-08)"
_MEDIA_2025_AT: Final = "http://m.rwslqnq.cn/jsxw/2025/301410.html"
_REPRINTS: Final = "国版办发〔2015〕3号"
_REPRINTS_AT: Final = "http://china.caixin.com/2015-04-22/100802625.html"
_PRIVACY: Final = "个人信息保护法；医师法"
# A district's accounts were cited in an inspection for numbers that were not masked.
_PRIVACY_AT: Final = (
    "http://htq.gov.cn/hzshtqzf/zwgk/zdly/jczwgkbzhgfh/202208/"
    "52ea5c825b7242b8ab2f0e772e460a6e.shtml"
)
_ADS: Final = "广告法第九条、第十六条；《医疗广告认定指南》(2025-08)"
_ADS_AT: Final = "http://www.gdmsci.cn/post/QIn3LFPMOEof.html"
_CHECKED: Final = "123号文；政务新媒体检查指标（错敏词）"
_CHECKED_AT: Final = (
    "https://www.dljp.gov.cn/dt/001006/001006001/20251013/bf61d866-f40b-4e5e-87b6-49f15112e3af.html"
)
_AI: Final = "《人工智能生成合成内容标识办法》(2025-09-01)"
_AI_AT: Final = "https://www.newmobilelife.com/2025/09/01/new-ai-content-label-rule-in-china"


def _rule(
    code: str,
    meaning: str,
    why: str,
    ground: tuple[str, str],
    example: tuple[str, str],
    *,
    severity: Severity = Severity.WARNING,
    optional: bool = False,
) -> Rule:
    return Rule(
        code=code,
        group=Group.CONTENT,
        meaning=meaning,
        why=why,
        law=ground[0],
        source=ground[1],
        wrong=example[0],
        right=example[1],
        severity=severity,
        optional=optional,
    )


_FACTS: Final = (
    _rule(
        "science-without-reviewer",
        N_("A science post names no reviewer."),
        N_("Health science must be right and show who answers for it."),
        (_SCIENCE, _SCIENCE_AT),
        ("topic: science", "topic: science\nreviewer: 区肺科医院 主任医师 李某"),
        severity=Severity.ERROR,
    ),
    _rule(
        "science-without-origin",
        N_("A science post names neither author nor source."),
        N_("Science posts carry a label of where they come from."),
        (_MEDIA_2025, _MEDIA_2025_AT),
        ("topic: science", "topic: science\nauthor: 区健康促进中心"),
    ),
    _rule(
        "reprint-without-source",
        N_("A reprint from above does not name its source and address."),
        N_("Who reprints names author, title and source."),
        (_REPRINTS, _REPRINTS_AT),
        ("topic: reprint", "topic: reprint\nsource: 新华社\nsource_url: https://…"),
        severity=Severity.ERROR,
    ),
    _rule(
        "reprint-not-approved",
        N_("A reprint comes from a source that is not on the office's list."),
        N_("Official accounts reprint from party and government sites and designated sources."),
        (_REPRINTS, _REPRINTS_AT),
        ("source: 某养生公众号", "source: 国家卫生健康委"),
    ),
    _rule(
        "consent-missing",
        N_("A patient's story has no reference to the patient's consent."),
        N_("Health data is sensitive; the person must have agreed to just this."),
        (_PRIVACY, _PRIVACY_AT),
        ("patient_story: true", "patient_story: true\nconsent: 同意书-2026-014"),
        severity=Severity.ERROR,
    ),
    _rule(
        "ai-unlabelled",
        N_("Text or picture says that AI made it, and the post does not declare it."),
        N_("AI-made content must be labelled, and a file's own label may not be lost."),
        (_AI, _AI_AT),
        ("text: …（配图由AI生成）", "text: …（配图由AI生成）\nai_generated: true"),
        severity=Severity.ERROR,
        optional=True,
    ),
)

_CLAIMS: Final = (
    _rule(
        "efficacy-claim",
        N_("A text promises or quantifies the effect of a treatment."),
        N_("Medical content may not state cure or effective rates or promise an effect."),
        (_ADS, _ADS_AT),
        ("text: 治愈率98%", "text: 多数患者症状减轻，效果因人而异"),
        severity=Severity.ERROR,
        optional=True,
    ),
    _rule(
        "absolute-term",
        N_("A text praises with an absolute term."),
        N_("Words such as 国家级, 最高级 and 最佳 turn a post into a forbidden advertisement."),
        (_ADS, _ADS_AT),
        ("text: 拥有国家级专家和顶级设备", "text: 有呼吸科主任医师3名"),
    ),
    _rule(
        "medical-promotion",
        N_("A text advertises treatment by price or gift."),
        N_("Discounts and free treatment are marks of a medical advertisement."),
        (_ADS, _ADS_AT),
        ("text: 正畸限时优惠，名额有限", "text: 正畸门诊周六上午开诊"),
    ),
    _rule(
        "disguised-ad",
        N_("A text joins telephone, price and course of treatment."),
        N_("Together these are taken for a medical advertisement, whatever it is called."),
        (_ADS, _ADS_AT),
        (
            "text: 一疗程580元，咨询电话0512-00000000",
            "text: 治疗方案由医生面诊后确定",
        ),
        severity=Severity.ERROR,
        optional=True,
    ),
    _rule(
        "patient-endorsement",
        N_("A patient vouches for a treatment."),
        N_("Patients may not be used to prove an effect."),
        (_ADS, _ADS_AT),
        ("text: 是李主任治好了我的腰痛", "text: 腰痛患者应先到骨科明确原因"),
    ),
)

_PATIENTS: Final = (
    _rule(
        "id-number",
        N_("A text contains an identity card number."),
        N_("Identity numbers are personal data that may not be published."),
        (_PRIVACY, _PRIVACY_AT),
        ("text: 身份证 11010519491231002X", "text: 身份证 11**************2X"),
        severity=Severity.ERROR,
    ),
    _rule(
        "travel-document",
        N_("A text contains the number of a passport or travel permit."),
        N_("Numbers of documents are personal data that may not be published."),
        (_PRIVACY, _PRIVACY_AT),
        ("text: 护照号 E12345678", "text: 护照号 E1*****78"),
        severity=Severity.ERROR,
        optional=True,
    ),
    _rule(
        "bank-card",
        N_("A text contains a bank card number."),
        N_("Card numbers are personal data that may not be published."),
        (_PRIVACY, _PRIVACY_AT),
        ("text: 捐款卡号 6222020000000000000", "text: 捐款请到区红十字会窗口"),
        severity=Severity.ERROR,
        optional=True,
    ),
    _rule(
        "record-number",
        N_("A text contains the record or bed number of a patient."),
        N_("With it a patient can be found, even when the name is masked."),
        (_PRIVACY, _PRIVACY_AT),
        ("text: 患者李某，住院号0021345", "text: 患者李某，住院两周后出院"),
        severity=Severity.ERROR,
        optional=True,
    ),
    _rule(
        "mobile-number",
        N_("A text contains a mobile phone number."),
        N_("A person's number needs that person's consent."),
        (_PRIVACY, _PRIVACY_AT),
        ("text: 咨询 13800001234", "text: 咨询 0512-12320"),
    ),
    _rule(
        "patient-name",
        N_("A text gives what looks like a patient's full name."),
        N_("A patient is named only with consent; 患者张某 is enough for the story."),
        (_PRIVACY, _PRIVACY_AT),
        ("text: 患者张建国，今年62岁", "text: 患者张某，今年62岁"),
    ),
)

_WORDING: Final = (
    _rule(
        "outdated-name",
        N_("An institution is called by a name it no longer has."),
        N_("Wrong names of institutions are what inspections look for first."),
        (_CHECKED, _CHECKED_AT),
        ("text: 区卫计委提醒", "text: 区卫生健康委提醒"),
    ),
    _rule(
        "delicate-wording",
        N_("Hong Kong, Macao or Taiwan are named in a way that official texts avoid."),
        N_("Serious mistakes of wording alone make an account fail its inspection."),
        (_CHECKED, _CHECKED_AT),
        ("text: 港澳台等国家", "text: 港澳台等地区"),
    ),
    _rule(
        "office-word",
        N_("A text contains a word of the office's own lists."),
        N_("The office keeps lists of words in schedules/words/*.txt."),
        (_CHECKED, _CHECKED_AT),
        ("text: 某某词", "text: 另一种说法"),
        severity=Severity.ERROR,
        optional=True,
    ),
)

GROUNDS: Final[tuple[Rule, ...]] = (
    *_FACTS,
    *_CLAIMS,
    *_PATIENTS,
    *_WORDING,
    *CALENDAR,
    *CHECKING,
)
