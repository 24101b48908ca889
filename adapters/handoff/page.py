"""发布页.html: everything a person needs to publish within a minute, on one page.

Opened from the folder it lies in, without a network: style and script stand in the page, pictures
and video lie beside it. Nothing of a post gets into the script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

from adapters.handoff.limits import ANY, LIMITS
from adapters.handoff.text import Block, Part, blocks, checks
from adapters.looks.parts import size_words
from bot.domain.post import Kind, Media, Variant
from bot.domain.roster import Account

# What the page may load: its own parts and the files beside it, nothing from a network.
_POLICY = (
    "default-src 'none'; img-src 'self' file: data:; media-src 'self' file:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)
_STYLE = """
body{max-width:46rem;margin:1.5rem auto;padding:0 1rem;color:#222;background:#f6f7f8;
font:16px/1.6 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
h1{font-size:1.3rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
section{background:#fff;border:1px solid #dde1e4;border-radius:.5rem;padding:.7rem 1rem;
margin:.7rem 0}
header p{margin:.2rem 0;color:#555}
.name{display:flex;align-items:center;gap:.7rem}.name b{flex:1}
.count{color:#667;font-size:.85rem}.over{color:#b00020;font-weight:bold}
button{font:inherit;padding:.15rem 1rem;border:1px solid #087a43;border-radius:.3rem;
background:#087a43;
color:#fff;cursor:pointer}button.done{background:#fff;color:#087a43}
button:focus-visible,textarea:focus-visible{outline:3px solid #06c}
textarea{width:100%;box-sizing:border-box;margin-top:.4rem;padding:.4rem;font:inherit;
border:1px solid #ccd;border-radius:.3rem;background:#fafbfc;resize:vertical}
.line{display:flex;gap:.7rem;margin-top:.4rem}.line textarea{margin:0;flex:1}
.body{border:1px solid #ccd;border-radius:.3rem;padding:.2rem .8rem;margin-top:.4rem;
background:#fff;max-height:32rem;overflow:auto}
.body img,.files img,.files video{max-width:100%}
.body table{border-collapse:collapse}.body td,.body th{border:1px solid #bbb;padding:.2rem .5rem}
.files{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.8rem}
figure{margin:0}.files img,.files video{max-height:10rem;border:1px solid #dde1e4}
figcaption{font-size:.85rem;color:#555;overflow-wrap:anywhere}
.checks{padding:0}.checks li{list-style:none;margin:.3rem 0}code{background:#eef;padding:0 .3rem}
@media print{button{display:none}textarea{border:0}.body{max-height:none}}
"""
# Selecting and execCommand work from file://, where the clipboard's newer interface may not.
_SCRIPT = """
document.addEventListener('click', function (event) {
  var button = event.target.closest('button[data-of]');
  if (!button) { return; }
  var from = document.getElementById(button.dataset.of);
  var selection = window.getSelection();
  if (from.select) {
    from.select();
  } else {
    var range = document.createRange();
    range.selectNodeContents(from);
    selection.removeAllRanges();
    selection.addRange(range);
  }
  var copied = document.execCommand('copy');
  if (copied) { selection.removeAllRanges(); }
  button.textContent = copied ? '已复制' : '已选中，请按 Ctrl+C';
  button.classList.add('done');
});
"""
_IMAGES = re.compile(r'<img src="([^"]+)"')
_ROLES = {"video": "视频", "cover": "封面", "image": "配图", "inline": "正文插图"}


def page(
    variant: Variant,
    account: Account,
    media: Mapping[str, Media],
    articles: list[Part],
    *,
    covers: list[str],
) -> str:
    """The page as HTML. `media` and `covers` name the files beside it."""
    limits = LIMITS.get(account.platform, ANY)
    body = "\n".join(
        [
            *_head(variant, account, limits.page),
            "<h2>一、文字</h2>",
            *_fields(blocks(variant, account.platform), articles),
            *(_files(media, covers) if media else ()),
            *_list(checks(variant, account.platform, account.name), bool(media)),
            *_report(variant, account, limits.link_like, bool(media)),
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(variant.title)} · {escape(account.name)}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n"
        f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _head(variant: Variant, account: Account, address: str) -> Iterator[str]:
    kind = "转载" if variant.kind is Kind.REPRINT else "原发"
    marker = f" · 稿号 {escape(variant.marker)}" if variant.marker else ""
    yield f"<header><h1>{escape(variant.title)}</h1>"
    yield f"<p>发到：<b>{escape(account.name)}</b>（{escape(account.verified_name)}）</p>"
    yield f"<p>{kind}{marker}</p>"
    if address:
        link = escape(address)
        yield f'<p>发布入口：<a href="{link}" rel="noreferrer">{link}</a></p>'
    yield "</header>"


def _fields(found: list[Block], articles: list[Part]) -> Iterator[str]:
    """The fields in the order of the platform's page; an article stands where its field is."""
    waiting = list(articles)
    for number, block in enumerate(found, 1):
        name = f"f{number}"
        if block.article and waiting:
            yield from _article(name, block.name, waiting.pop(0))
        elif block.each_line:
            yield from _lines(name, block)
        else:
            yield from _field(name, block)


def _field(name: str, block: Block) -> Iterator[str]:
    rows = min(12, block.text.count("\n") + len(block.text) // 40 + 1)
    yield f'<section><div class="name"><b>{escape(block.name)}</b>{_count(block)}'
    yield f'<button type="button" data-of="{name}">复制</button></div>'
    yield _area(name, block.name, block.text, rows)
    yield "</section>"


def _area(name: str, label: str, text: str, rows: int) -> str:
    # HTML drops the first line end after <textarea>; one more keeps the text's own.
    return (
        f'<textarea id="{name}" readonly rows="{rows}" aria-label="{escape(label)}">\n'
        f"{escape(text)}</textarea>"
    )


def _count(block: Block) -> str:
    length = len(block.text)
    if not block.limit:
        return f'<span class="count">{length} 字</span>'
    over = " over" if length > block.limit else ""
    return f'<span class="count{over}">{length} / {block.limit} 字</span>'


def _lines(name: str, block: Block) -> Iterator[str]:
    yield f"<section><b>{escape(block.name)}</b>"
    for number, line in enumerate(block.text.splitlines(), 1):
        yield f'<div class="line">{_area(f"{name}-{number}", line, line, 1)}'
        yield f'<button type="button" data-of="{name}-{number}">复制</button></div>'
    yield "</section>"


def _article(name: str, label: str, part: Part) -> Iterator[str]:
    yield f'<section><div class="name"><b>{escape(label)}</b>'
    yield f'<button type="button" data-of="{name}">复制（带格式）</button></div>'
    if files := _IMAGES.findall(part.html):
        names = "、".join(f"<code>{escape(file)}</code>" for file in files)
        yield f"<p>粘贴后图片不会带过去：按下面的位置依次插入 {names}。</p>"
    yield f'<div class="body" id="{name}">{part.html}</div>'
    yield "</section>"


def _files(media: Mapping[str, Media], covers: list[str]) -> Iterator[str]:
    yield '<h2>二、文件（就在本页所在的文件夹）</h2><section class="files">'
    for name, medium in media.items():
        facts = [_ROLES[name.split("-")[0].split(".")[0]], size_words(medium.size)]
        if medium.width:
            facts.append(f"{medium.width}×{medium.height}")
        if medium.duration_s:
            facts.append(f"{medium.duration_s:.0f} 秒")
        yield _file(name, " · ".join(facts), video=medium.mime.startswith("video/"))
    for name in covers:
        ratio = name.removeprefix("cover-").rpartition(".")[0].replace("x", ":")
        yield _file(name, f"封面 {ratio}，按此比例裁好")
    yield "</section>"


def _file(name: str, facts: str, *, video: bool = False) -> str:
    shown = (
        f'<video src="{name}" controls preload="metadata"></video>'
        if video
        else f'<a href="{name}"><img src="{name}" alt=""></a>'
    )
    return f"<figure>{shown}<figcaption><code>{name}</code><br>{facts}</figcaption></figure>"


def _list(lines: list[str], has_files: bool) -> Iterator[str]:
    yield f'<h2>{"三" if has_files else "二"}、核对清单</h2><section><ol class="checks">'
    for line in lines:
        yield f'<li><label><input type="checkbox"> {escape(line)}</label></li>'
    yield "</ol></section>"


def _report(variant: Variant, account: Account, like: str, has_files: bool) -> Iterator[str]:
    """Where the link goes: the bot's own page, or the command of whoever runs it."""
    name = escape(f"{variant.post}@{account.id}")
    form = f"，形如 <code>{escape(like)}</code>" if like else ""
    yield f"<h2>{'四' if has_files else '三'}、报回链接</h2><section>"
    yield f"<p>作品公开后，复制它的链接{form}，在系统里找到 <code>{name}</code> 填入；"
    yield "或交给值班人员执行：</p><div class='line'>"
    yield _area("report", "命令", f"bot publications confirm {variant.post}@{account.id} --url ", 1)
    yield '<button type="button" data-of="report">复制</button></div>'
    yield "<p>没有发成（被退回、账号登录不上）也请告诉值班人员原因，不要留着不管。</p></section>"
