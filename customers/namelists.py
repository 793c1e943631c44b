"""Japanese and foreign names with their readings and rough frequencies, for synthetic customers only."""

from collections.abc import Sequence

# Surname, reading, weight: about the number of people per ten thousand.
_SURNAMES = """
佐藤 サトウ 150 鈴木 スズキ 144 高橋 タカハシ 113 田中 タナカ 107 伊藤 イトウ 86 渡辺 ワタナベ 84
山本 ヤマモト 84 中村 ナカムラ 84 小林 コバヤシ 82 加藤 カトウ 71 吉田 ヨシダ 66 山田 ヤマダ 65
佐々木 ササキ 53 山口 ヤマグチ 51 松本 マツモト 50 井上 イノウエ 49 木村 キムラ 46 林 ハヤシ 43
斎藤 サイトウ 43 清水 シミズ 43 山崎 ヤマザキ 38 阿部 アベ 36 森 モリ 37 池田 イケダ 36 橋本 ハシモト 36
山下 ヤマシタ 34 石川 イシカワ 34 中島 ナカジマ 33 前田 マエダ 31 藤田 フジタ 30 後藤 ゴトウ 30
小川 オガワ 30 岡田 オカダ 29 村上 ムラカミ 29 長谷川 ハセガワ 29 近藤 コンドウ 28 石井 イシイ 28
坂本 サカモト 26 遠藤 エンドウ 26 青木 アオキ 25 藤井 フジイ 25 西村 ニシムラ 24 福田 フクダ 24
太田 オオタ 24 三浦 ミウラ 24 岡本 オカモト 23 松田 マツダ 23 中川 ナカガワ 22 中野 ナカノ 22
原田 ハラダ 22 小野 オノ 22 竹内 タケウチ 21 金子 カネコ 21 和田 ワダ 20 中山 ナカヤマ 20 藤原 フジワラ 20
石田 イシダ 19 上田 ウエダ 19 森田 モリタ 19 原 ハラ 18 柴田 シバタ 18 酒井 サカイ 17 工藤 クドウ 17
横山 ヨコヤマ 17 宮崎 ミヤザキ 17 宮本 ミヤモト 17 内田 ウチダ 16 高木 タカギ 16 安藤 アンドウ 16
谷口 タニグチ 15 大野 オオノ 15 丸山 マルヤマ 15 今井 イマイ 15 高田 タカダ 15 藤本 フジモト 14
武田 タケダ 14 村田 ムラタ 14 上野 ウエノ 14 杉山 スギヤマ 14 増田 マスダ 14 平野 ヒラノ 13
大塚 オオツカ 13 千葉 チバ 13 久保 クボ 13 松井 マツイ 12 小島 コジマ 12 岩崎 イワサキ 12 野口 ノグチ 12
桜井 サクライ 12 木下 キノシタ 12 野村 ノムラ 12 松尾 マツオ 12 菊地 キクチ 11 佐野 サノ 11
大西 オオニシ 11 杉本 スギモト 11 新井 アライ 11 浜田 ハマダ 11 菅原 スガワラ 11 市川 イチカワ 11
水野 ミズノ 11 小松 コマツ 11 島田 シマダ 11 古川 フルカワ 10 小山 コヤマ 10 高野 タカノ 10
渡邉 ワタナベ 12 渡邊 ワタナベ 10 齋藤 サイトウ 9 齊藤 サイトウ 6 髙橋 タカハシ 9 髙木 タカギ 3
濵田 ハマダ 2 山﨑 ヤマザキ 6 髙﨑 タカサキ 1 岩﨑 イワサキ 2 澤田 サワダ 5 廣瀬 ヒロセ 3 眞鍋 マナベ 1
五十嵐 イガラシ 8 東海林 ショウジ 1 勅使河原 テシガワラ 1 長宗我部 チョウソカベ 1 小鳥遊 タカナシ 1
"""

_MALE = """
弘 ヒロシ 30 博 ヒロシ 28 茂 シゲル 30 勇 イサム 22 清 キヨシ 26 実 ミノル 24 正 タダシ 20 進 ススム 22
隆 タカシ 30 誠 マコト 42 浩 ヒロシ 34 修 オサム 28 剛 ツヨシ 20 健一 ケンイチ 34 和夫 カズオ 24
幸雄 ユキオ 16 昭 アキラ 22 豊 ユタカ 20 浩一 コウイチ 24 哲也 テツヤ 32 直樹 ナオキ 42 健太 ケンタ 34
大輔 ダイスケ 46 翔太 ショウタ 34 拓也 タクヤ 36 達也 タツヤ 30 和也 カズヤ 26 健太郎 ケンタロウ 16
雄太 ユウタ 20 翼 ツバサ 14 亮 リョウ 22 翔 ショウ 30 大樹 ダイキ 24 蓮 レン 22 陽翔 ハルト 16
湊 ミナト 12 樹 イツキ 14 悠真 ユウマ 12 颯太 ソウタ 12 一郎 イチロウ 16 太郎 タロウ 8 勝 マサル 18
秀樹 ヒデキ 26 祐介 ユウスケ 20 裕之 ヒロユキ 24 学 マナブ 16 智也 トモヤ 18 恵一 ケイイチ 8
龍之介 リュウノスケ 5 正雄 マサオ 14 三郎 サブロウ 12 義雄 ヨシオ 14 洋平 ヨウヘイ 16 俊介 シュンスケ 16
京介 キョウスケ 6
"""

_FEMALE = """
和子 カズコ 34 幸子 サチコ 34 洋子 ヨウコ 32 節子 セツコ 26 恵子 ケイコ 38 京子 キョウコ 30
久美子 クミコ 26 由美子 ユミコ 28 真由美 マユミ 28 陽子 ヨウコ 26 智子 トモコ 30 裕子 ユウコ 28
美穂 ミホ 22 香織 カオリ 28 恵 メグミ 22 愛 アイ 30 美咲 ミサキ 30 彩 アヤ 22 麻衣 マイ 20 舞 マイ 14
優子 ユウコ 16 直美 ナオミ 22 葵 アオイ 18 陽菜 ヒナ 18 結衣 ユイ 16 さくら サクラ 14 凛 リン 12
結菜 ユイナ 10 七海 ナナミ 10 千尋 チヒロ 10 明美 アケミ 22 典子 ノリコ 20 文子 フミコ 20 敏子 トシコ 20
千代子 チヨコ 12 キヨ キヨ 4 ハナ ハナ 4 静子 シズコ 14 美智子 ミチコ 22 順子 ジュンコ 24 弘子 ヒロコ 20
綾子 アヤコ 12 亜紀 アキ 10 沙織 サオリ 14 奈々 ナナ 10 真央 マオ 8 桃子 モモコ 8 梨花 リカ 6
響子 キョウコ 6 緑 ミドリ 10 薫 カオル 8 忍 シノブ 6
"""

_FOREIGN = {
    "VN": (
        "グエン:NGUYEN チャン:TRAN レ:LE ファム:PHAM ホアン:HOANG ブイ:BUI",
        "バン・アン:VAN AN ティ・フォン:THI PHUONG ドゥック・ミン:DUC MINH ティ・ラン:THI LAN",
    ),
    "CN": (
        "ワン:WANG リー:LI ジャン:ZHANG リウ:LIU チェン:CHEN ヤン:YANG",
        "ウェイ:WEI ファン:FANG シウイン:XIUYING ナー:NA ジン:JING レイ:LEI ヤン:YAN",
    ),
    "NP": (
        "シュレスタ:SHRESTHA タパ:THAPA グルン:GURUNG ライ:RAI タマン:TAMANG",
        "スニタ:SUNITA ラム:RAM ビノド:BINOD アニタ:ANITA プラカシュ:PRAKASH",
    ),
    "PH": (
        "サントス:SANTOS レイエス:REYES クルス:CRUZ ガルシア:GARCIA",
        "マリア:MARIA ホセ:JOSE アンジェラ:ANGELA マーク:MARK ジョイ:JOY",
    ),
    "BR": (
        "シルバ:SILVA ソウザ:SOUZA オリベイラ:OLIVEIRA ペレイラ:PEREIRA",
        "アナ:ANA カルロス:CARLOS ジュリアナ:JULIANA ルカス:LUCAS ファビオ:FABIO",
    ),
    "KR": (
        "キム:KIM イ:LEE パク:PARK チェ:CHOI チョン:JUNG",
        "ミンジュン:MINJUN ソヨン:SEOYEON ジウ:JIWOO ヒョヌ:HYUNWOO スジン:SUJIN",
    ),
}
FOREIGN_WEIGHTS = {"VN": 28, "CN": 30, "NP": 12, "PH": 12, "BR": 10, "KR": 8}

_COMPANY_WORDS = """
あさひ アサヒ みなと ミナト さくら サクラ 東洋 トウヨウ 大和 ヤマト 三栄 サンエイ 日の出 ヒノデ 富士 フジ
光 ヒカリ 朝日 アサヒ 丸善 マルゼン 共栄 キョウエイ 中央 チュウオウ 東海 トウカイ 北斗 ホクト
白樺 シラカバ 若葉 ワカバ 新星 シンセイ 信和 シンワ 大成 タイセイ 平和 ヘイワ 太陽 タイヨウ 永和 エイワ
京浜 ケイヒン 相模 サガミ 青葉 アオバ 緑水 リョクスイ 海風 ウミカゼ
"""

COMPANY_TRADES = {
    "manufacturing": (("製作所", "セイサクショ"), ("精機", "セイキ"), ("工業", "コウギョウ")),
    "construction": (("建設", "ケンセツ"), ("工務店", "コウムテン"), ("設備", "セツビ")),
    "wholesale_retail": (("商事", "ショウジ"), ("商店", "ショウテン"), ("物産", "ブッサン")),
    "food_service": (("フーズ", "フーズ"), ("食堂", "ショクドウ")),
    "real_estate": (("不動産", "フドウサン"), ("地所", "ジショ")),
    "finance": (("保険サービス", "ホケンサービス"),),
    "it": (("システム", "システム"), ("ソフト", "ソフト")),
    "medical": (("介護サービス", "カイゴサービス"), ("薬局", "ヤッキョク")),
    "transport": (("運輸", "ウンユ"), ("物流", "ブツリュウ")),
    "scrap_export": (("金属", "キンゾク"), ("オートトレーディング", "オートトレーディング")),
    "crypto_assets": (("デジタルアセット", "デジタルアセット"),),
    "other": (("企画", "キカク"), ("サービス", "サービス")),
}


def _weighted(text: str) -> tuple[list[tuple[str, str]], list[int]]:
    words = text.split()
    return list(zip(words[::3], words[1::3], strict=True)), [int(weight) for weight in words[2::3]]


def _pairs(text: str) -> list[tuple[str, str]]:
    """`reading:SPELLING` items, parted by blanks; spellings may hold blanks themselves."""
    pairs: list[tuple[str, str]] = []
    for word in text.split():
        if ":" in word:
            kana, _, spelling = word.partition(":")
            pairs.append((spelling, kana))
        else:
            pairs[-1] = (f"{pairs[-1][0]} {word}", pairs[-1][1])
    return pairs


SURNAMES, SURNAME_WEIGHTS = _weighted(_SURNAMES)
MALE_NAMES, MALE_WEIGHTS = _weighted(_MALE)
FEMALE_NAMES, FEMALE_WEIGHTS = _weighted(_FEMALE)
FOREIGN_NAMES: dict[str, tuple[Sequence[tuple[str, str]], Sequence[tuple[str, str]]]] = {
    country: (_pairs(families), _pairs(givens)) for country, (families, givens) in _FOREIGN.items()
}
COMPANY_WORDS = list(zip(_COMPANY_WORDS.split()[::2], _COMPANY_WORDS.split()[1::2], strict=True))
