"""Claims and advertising: what medical content may not say of itself.

Grounds: 广告法第九条、第十六条; 医疗广告认定指南 (2025-08).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.domain.problem import Severity
from bot.i18n import _
from bot.schedule.rules.finding import Family, Found, first_of_each, pairs, sentence

_FIGURE: Final = (
    r"(?:\d+(?:\.\d+)?\s*[%％‰]|百分之[零一二三四五六七八九十百点\d]+|[一二三四五六七八九]成)"
)
# 更有效率地 speaks of efficiency.
_RATE: Final = r"(?:治愈率|(?<![更很最没])有效率(?![地的])|显效率|痊愈率|根治率)"
_EFFECT: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_RATE}[^。！？!?；;，,\n]{{0,12}}?{_FIGURE}",
        rf"{_FIGURE}(?:以上|左右)?的?(?:临床|总)?{_RATE}",
        r"(?:100\s*[%％]|百分之?百)的?(?:有效|治愈|见效|康复|根治|安全)",
        # 根治术 and 根治性 name operations; 根治欠薪 is no medicine.
        r"根治(?![术性率]|.{0,6}欠薪)",
        r"最佳疗效|疗效最佳|药到病除|包治百病|包治愈|保证治愈|永不复发|无效退款|零副作用|无任何副作用",
    )
)
_HERE: Final = r"(?:我院|本院|我科|本科室|我们|医院|科室|团队|中心|诊所)"
_PRAISED: Final = r"(?:专家|名医|医生|医院|团队|技术|设备|仪器|水平|疗法|品牌|产品|诊疗)"
_ABSOLUTE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # 国家级项目, 国家级继续教育 and the like are ranks that exist.
        r"国家级(?:的)?(?:专家|大师|水平|技术|品质|产品|服务|秘方|配方|疗法|权威)",
        r"最高级(?!别|人民|法院|检察|会议)",
        rf"最佳{_PRAISED}",
        rf"(?:最先进|最权威|最顶尖|最尖端|最顶级|最专业|最高端)的?{_PRAISED}",
        rf"(?:顶级|顶尖|一流)的?(?:医疗|诊疗)?{_PRAISED}",
        # 全国第一例 counts; 全市第一人民医院 is a name.
        r"(?:全[国省市区]|世界|亚洲|国内|业内|行业|中国)排?名?第一"
        r"(?![例个批台次家位届期线本部时天年季轮所名张针剂中人附部支座条项只份])",
        rf"{_HERE}[^。！？；，,\n]{{0,12}}(?:排名|位列|稳居)第一(?!位?死因)",
        r"(?:全国|全省|全市|全区|国内|行业|业内)唯一(?!一?[座条个]?血站)",
        r"唯一(?:指定|授权|正宗|权威)",
        r"首屈一指|独一无二|史无前例|无与伦比|绝无仅有|天下第一|第一品牌",
        r"祖传秘方|宫廷秘方|独家秘方|(?<!精)神(?:药|医)",
    )
)
_PROMOTION: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"特价|秒杀|团购价?|买[一二三]送[一二三]|代金券|满减|体验价|惊爆价|亲民价|跳楼价|原价\d+",
        r"限时(?:优惠|特惠|免费|抢)|名额有限|仅?限前\d+名",
        r"优惠(?:活动|套餐|券|价|酬宾|促销)|(?:价格|费用|限时|治疗|手术|体检|正畸|种植)优惠(?!政策)",
        r"(?<![骨曲转夭挫波对第])(?:[1-9](?:\.\d)?|[五六七八九])折(?:优惠|特惠|起|价)",
        r"免费(?:治疗|手术|种牙|整形|美容|正畸|试用|体验治疗)",
    )
)
# Free treatment that the state pays for is news, no advertisement.
_PUBLIC: Final = re.compile(
    r"结核|艾滋|HIV|血吸虫|包虫|麻风|疟疾|救助|政策|国家|项目|精神障碍|两癌|先天|唇腭裂|孕产妇|贫困|"
    r"医保|公益|慈善|工程"
)
_ENDORSED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"治好了我|治好我的|我的[^。！？；，,\n]{1,8}(?:终于|全|都|彻底)好了",
        r"(?:让|使)我(?:的[^。！？；，,\n]{1,8})?(?:痊愈|彻底康复|重获新生)",
        r"(?:患者|病友|病人)(?:见证|证言|好评|亲证)|康复见证|疗效见证",
    )
)
_COURSE: Final = re.compile(r"疗程|优惠|特惠|特价")
_PRICE: Final = re.compile(r"\d+(?:\.\d+)?\s*元|[¥￥]\s*\d")
_TELEPHONE: Final = re.compile(
    r"(?<!\d)(?:0\d{2,3}[- ]?\d{7,8}|400[- ]?\d{3}[- ]?\d{4}|1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)"
)


def _effects(text: str) -> Iterator[Found]:
    for found in first_of_each(_EFFECT, text):
        yield Found(
            code="efficacy-claim",
            start=found.start(),
            end=found.end(),
            message=_("“{words}” promises or quantifies an effect.").format(words=found[0]),
            hint=_(
                "Take it out. Medical content may not state cure or effective rates or promise "
                "an effect (advertising law, article 16)."
            ),
            severity=Severity.ERROR,
        )


def _absolutes(text: str) -> Iterator[Found]:
    for found in first_of_each(_ABSOLUTE, text):
        yield Found(
            code="absolute-term",
            start=found.start(),
            end=found.end(),
            message=_("“{words}” praises with an absolute term.").format(words=found[0]),
            hint=_("Say what can be proved instead (advertising law, article 9)."),
        )


def _promotions(text: str) -> Iterator[Found]:
    for found in first_of_each(_PROMOTION, text):
        first, end = sentence(text, found.start(), found.end())
        if found[0].startswith("免费") and _PUBLIC.search(text, first, end):
            continue
        yield Found(
            code="medical-promotion",
            start=found.start(),
            end=found.end(),
            message=_("“{words}” advertises by price or gift.").format(words=found[0]),
            hint=_("Take it out, or name the public programme that pays for it."),
        )
    yield from _disguised(text)


def _disguised(text: str) -> Iterator[Found]:
    course = _COURSE.search(text)
    if course is None or not _PRICE.search(text) or not _TELEPHONE.search(text):
        return
    yield Found(
        code="disguised-ad",
        start=course.start(),
        end=course.end(),
        message=_("Telephone, price and course of treatment stand together."),
        hint=_("Take out price or course: together they are a medical advertisement."),
        severity=Severity.ERROR,
    )


def _endorsements(text: str) -> Iterator[Found]:
    for found in first_of_each(_ENDORSED, text):
        yield Found(
            code="patient-endorsement",
            start=found.start(),
            end=found.end(),
            message=_("“{words}” lets a patient vouch for a treatment.").format(words=found[0]),
            hint=_("Leave the proof of effect out; tell what was done instead."),
        )


FAMILIES: Final = (
    Family(
        find=_effects,
        pairs=pairs(
            "治愈 有效率 显效 痊愈 见效 康复 根治 最佳 药到 包治 保证治愈 永不 无效 零副 无任"
        )
        # 有效 alone is everyday; after a figure of 100 % it promises.
        | pairs("%有 ％有 %的 ％的 %安 ％安 百有 百的 百安 %治 百治 效率 效最"),
    ),
    Family(
        find=_absolutes,
        pairs=pairs(
            "国家级 最高 最佳 最先 最权 最顶 最尖 最专 顶级 顶尖 一流 第一 唯一 首屈 独一 史无 "
            "无与 绝无 秘方 神药 神医"
        ),
    ),
    Family(
        find=_promotions,
        pairs=pairs(
            "特价 秒杀 团购 买一 买二 买三 代金 满减 体验价 惊爆 亲民价 跳楼 原价 限时 名额有 限前 "
            "优惠 折优 折特 折起 折价 免费 疗程 特惠"
        ),
    ),
    Family(
        find=_endorsements,
        pairs=pairs("治好 让我 使我 我的 见证 者证 友证 人证 好评 者亲 友亲 人亲"),
    ),
)
