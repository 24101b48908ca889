"""The browser of the tests: finds one, or on Debian has one installed.

`python -m tests.browser.chromium` installs what is missing, if it can; `make test` and
`make screenshots` begin with it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "BOT_CHROMIUM"
# The first is the same browser without its windows and menus: smaller, and quicker to start.
_HEADLESS = "chromium-headless-shell"
_NAMES = (
    _HEADLESS,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_FONT = "fonts-wqy-microhei"  # Chinese in 5 MB
_MISSING = f"""\
网页测试需要 Chromium（或 Chrome），这台机器上没有找到。
  Debian：以 root 身份运行 apt-get install {_HEADLESS} {_FONT}
  其他系统：安装 Chromium 或 Google Chrome 和一种中文字体；
  程序不在 PATH 里时，用环境变量 {VARIABLE} 指明它的完整路径。
The browser tests need Chromium (or Chrome), and none was found on this machine.
  Debian: as root, run apt-get install {_HEADLESS} {_FONT}
  Elsewhere: install Chromium or Google Chrome and a Chinese font; if the program is not in PATH, \
set the environment variable {VARIABLE} to its full path."""


class NoBrowser(Exception):
    """No Chromium on this machine; its words say what to install, in Chinese and English."""


def find() -> str:
    """The path of a Chromium or Chrome; raises NoBrowser."""
    named = os.environ.get(VARIABLE, "")
    if named:
        found = shutil.which(named)
        if found is None:
            wrong = f"{VARIABLE}={named}：这里没有可以运行的程序（nothing there can be run）。"
            raise NoBrowser(f"{wrong}\n{_MISSING}")
        return found
    for name in (*_NAMES, str(_MAC)):
        if (found := shutil.which(name)) is not None:
            return found
    raise NoBrowser(_MISSING)


def main() -> None:
    """Installs a browser and a Chinese font where that is possible; never fails.

    What is missing all the same is told here and once more by each test that needs it.
    """
    packages = list(_lacking())
    if packages and _may_install():
        print(f"正在安装（installing）{' '.join(packages)} …", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        for command in (["apt-get", "update", "-qq"], install):
            subprocess.run(command, check=False, env=quiet, stdout=subprocess.DEVNULL)
    try:
        find()
    except NoBrowser as error:
        print(error, file=sys.stderr)


def _lacking() -> list[str]:
    """The Debian packages that would bring what is missing."""
    try:
        find()
    except NoBrowser:
        return [_HEADLESS, _FONT]
    return [] if _has_chinese() else [_FONT]


def _has_chinese() -> bool:
    """True when a font knows Chinese, or when nobody can be asked."""
    lister = shutil.which("fc-list")
    if lister is None:
        return True
    asked = subprocess.run([lister, ":lang=zh-cn"], check=False, capture_output=True)
    return bool(asked.stdout.strip())


def _may_install() -> bool:
    """True for root on Debian itself; Ubuntu's package of this name only points to another shop."""
    try:
        debian = platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False
    return debian and os.geteuid() == 0 and shutil.which("apt-get") is not None


if __name__ == "__main__":
    main()
