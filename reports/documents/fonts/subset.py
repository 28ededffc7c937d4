"""Makes the fonts in this folder from Noto Sans CJK; needed only to change what is in them.

Run: ``python subset.py FOLDER`` with fonttools installed; in the folder are NotoSansCJK-Regular.ttc and -Bold.ttc (Debian package
fonts-noto-cjk). Noto Sans CJK is under the SIL Open Font License 1.1 (see OFL.txt); it reserves no font name, but "Noto" is a
trademark, and a part of a font must not pass for the whole, so the parts bear a name of their own.

What is kept: the characters of GB 2312, for the regular weight also Big5 level 1 (names from elsewhere), rare characters of given
names, Latin, Greek, Cyrillic, punctuation, box drawing and symbols. Whatever is missing shows as a crossed box.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SANS, MONO = 2, 7  # the faces "SC" and "Mono SC" in the collection
RARE_IN_NAMES = (
    "喆堃镕垚犇骉淼珺翀玥晞昉劼赟瑄璟玙祎頔竑祐翊暐煜燚璇翯昳昇甯淏濛韡龑勍玘玚玭珒珣珩珮琎琤瑀瑢璘璠璥瓅甦畇晢晟晗晔晳暾曌曦杲杺栩桉梓棪楠槿樾橦"
    "歆沄沅沚泂泓洺浐浛涵淇淯渼湉湜溦滢漪潞澍澔澧濋炘炅烜烨焓焱煐煊熠燊牧犨珅瑾璀瓒皛皞皓睿睿砚砡祉祯禔禛稔穆竣筠筱箐粲纮绂绤缦羿翃翚翮聿胤臻芃芮苒茜荀"
    "荃莞莘菀菁菡葳蒨蓁蔚蕤薇蘅虓虢衍裎裔褀觐訚诩谌赪赟赧跹轶迩遹邈郗郢郯酆醴釢钊钘钜钰铖铠锃锜锟锴镠镡镔闳闿阗陟隽雱霁霈霖霨靓靖韪韫顗颀颉颋飏飑飖馗馥骁骃骎骐骢骥髙鳗鸢鸾麒麟黉黻龢"
    "槑昶奡旻旼昕昀昪囍吉㛃珈㻞畑峯裏堺濵﨑邨閆闫丄乂亘亓仝仡伃伣佾俣俶倓倞偲傃僖儇兕冏冼凇刘匡卣厷叆吋咏哲唅唞啟嗣嘏囡圳圻坤垠埇埕堉塬墉墨夔奕妍妤姝姮娣娴婕婧媛嫄嫣"
    "孚孛孜宓宸寯尕屾岑岚岷峋峤崟崧嵘嵩巍帏弢弼彧彬徕忞忻怿恂恺悌悫惇惔愫愔慜懋戬扆抃揆敏敔斐斓旂旃旸昺晁晅晊晖晸暄暋暠曈"
)


def of_encoding(name: str, leads: range, trails: range) -> set[int]:
    kept = set()
    for lead in leads:
        for trail in trails:
            try:
                kept.update(map(ord, bytes([lead, trail]).decode(name)))
            except UnicodeDecodeError:
                continue
    return kept


LATIN_AND_SYMBOLS = {
    code
    for first, last in [
        (0x20, 0x7E),
        (0xA0, 0x24F),
        (0x370, 0x45F),
        (0x2010, 0x206F),
        (0x20A0, 0x20BF),
        (0x2100, 0x22FF),
        (0x2460, 0x27FF),
    ]
    for code in range(first, last + 1)
}
FULL_WIDTH = {
    code
    for first, last in [(0x3000, 0x30FF), (0x3200, 0x33FF), (0xFE10, 0xFE6F), (0xFF00, 0xFFEF)]
    for code in range(first, last + 1)
}
GB2312 = of_encoding("gb2312", range(0xA1, 0xF8), range(0xA1, 0xFF)) | set(map(ord, RARE_IN_NAMES))
BIG5_LEVEL_1 = of_encoding("big5", range(0xA4, 0xC7), range(0x40, 0xFF))


def make(source: Path, face: int, characters: set[int], family: str, style: str, target: Path) -> None:
    font = TTFont(source, fontNumber=face)
    options = subset.Options()
    options.hinting = False  # A4 on paper and in viewers that smooth: hints double the size and show nowhere
    options.notdef_outline = True  # the box for characters that are not here
    options.layout_features = ["kern", "ccmp", "mark"]
    options.drop_tables += ["VORG", "vhea", "vmtx", "BASE"]
    options.name_IDs = ["*"]
    chooser = subset.Subsetter(options)
    chooser.populate(unicodes=characters)
    chooser.subset(font)
    plain = family.replace(" ", "") + "-" + style
    for record in list(font["name"].names):
        if record.nameID not in (0, 13, 14) or record.platformID != 3 or record.langID != 0x409:
            font["name"].removeNames(record.nameID, record.platformID, record.platEncID, record.langID)
    for number, text in {
        1: family,
        2: style,
        3: f"{plain};part of Noto Sans CJK 2.004",
        4: f"{family} {style}",
        5: "Version 2.004",
        6: plain,
    }.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    compact = font["CFF "].cff
    compact.fontNames[0] = plain
    compact[0].FullName, compact[0].FamilyName = f"{family} {style}", family
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(target)


if __name__ == "__main__":
    folder, here = Path(sys.argv[1]), Path(__file__).parent
    regular, bold = folder / "NotoSansCJK-Regular.ttc", folder / "NotoSansCJK-Bold.ttc"
    make(
        regular,
        SANS,
        GB2312 | BIG5_LEVEL_1 | LATIN_AND_SYMBOLS | FULL_WIDTH,
        "Standfast Sans SC",
        "Regular",
        here / "StandfastSansSC-Regular.otf",
    )
    make(bold, SANS, GB2312 | LATIN_AND_SYMBOLS | FULL_WIDTH, "Standfast Sans SC", "Bold", here / "StandfastSansSC-Bold.otf")
    make(regular, MONO, LATIN_AND_SYMBOLS, "Standfast Mono SC", "Regular", here / "StandfastMonoSC-Regular.otf")
