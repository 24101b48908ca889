"""Invented health texts of the invented district 澜汀, for matching tests."""

from pathlib import Path


def _text(name: str) -> str:
    return (Path(__file__).parent / "health" / f"{name}.txt").read_text("utf-8").strip()


FLU_TITLE = "入冬流感高发，这份防护指南请收好"
FLU = _text("flu")

NURSE_TITLE = "凌晨三点的病房，她把脚步放得很轻"
NURSE = _text("nurse")

HANDS_TITLE = "手卫生，从七步洗手法开始"
HANDS = _text("hands")

PRESSURE_TITLE = "血压高了不难受，就可以不管吗？"
PRESSURE = _text("pressure")

HEAT_TITLE = "高温来袭，户外劳动者请记住这几件事"
HEAT = _text("heat")

SLEEP_TITLE = "睡不好？先看看这几个习惯"
SLEEP = _text("sleep")


def notice(unit: str, disease: str, day: str, hour: str, place: str, phone: str) -> str:
    """A notice from the template all units use; only the six fields differ."""
    return (
        f"各位居民朋友：为进一步方便群众就近就医，{unit}定于{day}{hour}在{place}举办{disease}义诊咨询活动，"
        "届时将有多位具有丰富临床经验的专家为大家答疑解惑，免费测量血压血糖，发放健康宣传资料。"
        "请有需要的居民携带本人身份证、医保卡以及近期检查报告前来参加，现场按照先后次序领取号码，"
        "请自觉排队，保持安全距离，注意看管好随身物品。老年人和行动不便者建议由家属陪同。"
        f"如遇恶劣天气，活动时间将另行通知。咨询电话：{phone}，欢迎广大居民互相转告，踊跃参加。"
    )


HEADER = (
    "点击上方蓝字关注我们\n石桥埠社区卫生服务中心\n守护您和家人的每一天，从一条靠谱的健康消息开始。"
)
FOOTER = (
    "石桥埠社区卫生服务中心为您提供全科诊疗、预防接种、慢病管理、家庭医生签约和上门护理服务。\n"
    "门诊时间：周一至周日全天。地址：澜汀区石桥埠街道桥东路。\n编辑：健康管理科\n审核：办公室\n"
    "往期推荐\n点个在看，让更多人知道"
)
