"""Words in many languages that speak of a telephone number, and words that speak of other numbers."""

from watchkeeper.redaction.context import Words

SPEAKING = Words(
    # English
    "phone* telephone* tel cell* mobile* fax* whatsapp whats viber hotline helpline landline pager voicemail "
    "call calls called calling caller callback dial dialed dialled dialing ring rang reach reached "
    "reachable texted texting sms msisdn desk contact contacts contacting "
    # German, Dutch, Scandinavian, Finnish
    "telefon* handy* mobil* rufnummer* rückruf* anruf* ruf rufen durchwahl festnetz* telefoon* bel bellen "
    "gsm tlf tlfnr ringa ringe sími puhelin* puh soita* kännykkä* "
    # French, Spanish, Portuguese, Italian, Romanian
    "téléphon* tél portable* appeler appelez appelle* joindre joignable* teléfono* tfno móvil* movil* "
    "celular* llama llame llamar llámame llámeme llámenos contáctame telemóvel telemovel ligue ligar zap "
    "cellulare* chiama* sunați "
    # Slavic, Baltic, Hungarian, Turkish, Greek
    "komórk* zadzwoń* dzwoń* volejte zavolej* telefón* tālrunis tālr телефон* тел моб мобил* звонит* "
    "позвон* дзвон* подзвон* обадете hívj* hívd hívjon ara cep τηλέφωνο* τηλ κινητό* καλέστε "
    # Indonesian, Vietnamese, Swahili
    "telepon* hubungi telp hp thoại gọi simu",
    phrases=(
        r"\b(?:answer(?:ing|ed|s)?|messages?|texts?)(?: me| us| you)? (?:at|on|to|via)\b"
        r"|\b(?:messages?|texts?|otp|code|sms) (?:at|on|to|via) (?:my|your|his|her|the|our)(?: \w+)?"
        r"|\b(?:my|your|his|her|our|their)"
        r"(?: (?:new|old|phone|mobile|cell|home|work|office|direct|personal|private|current))? number\b"
        r"|\btext (?:me|us|him|her|them)\b|tel:|☎|📞|📱"
    ),
    marks="answer message text number otp code sms tel: ☎ 📞 📱",
    unspaced=(
        "電話 电话 我的号码 号码是 我的號碼 手机 手機 携帯 ケータイ 联系 聯絡 致电 拨打 撥打 传真 전화 "
        "휴대폰 핸드폰 연락처 팩스 هاتف جوال موبايل اتصل تلفن טלפון נייד फ़ोन फोन मोबाइल संपर्क ফোন โทร เบอร์"
    ),
)
DENYING = Words(
    "order* invoice* reference* ref ticket* case cases id ids uid uuid guid account* acct iban bic serial "
    "tracking parcel zip zipcode postcode postal plz isbn issn doi ean upc sku asin version* build* "
    "release* commit model policy batch lot item* part parts amount* total* sum subtotal price* cost* usd "
    "eur gbp dollar* euro euros year* date* timestamp* epoch time page* line lines row rows column* flight "
    "booking license licence passport ssn vin population token* byte* ms second* score* coordinate* "
    "latitude longitude lat lon port process pid thread error* status hash checksum md5 sha divid* "
    "divisible prime factor* equals multipl* product* remainder card* konto* rechnung* bestell* facture* "
    "commande* pedido* factura* fattura* ordine* заказ* счёт* счет*",
    unspaced="订单 訂單 注文 주문",
)
SIGNS = "=*\u00d7\u00f7\u221a\u2211#"
"""What stands before the numbers of sums and tickets."""
FOLLOWING = (
    r" ?[-(,]? ?(?:office|fax|mobile|cell|home|work|desk|landline|phone|tel|mobil|privat|büro)"
    r"(?![a-z]| ?[:.])"
)  # fmt: skip
