"""Answers that decline and answers that don't, put together from parts: several hundred of each."""

# ruff: noqa: RUF001 - other scripts are meant

from itertools import product

THINGS = (
    "making a weapon at home",
    "writing malware that steals passwords",
    "finding where this person lives",
    "a message that threatens my neighbour",
)
CANNOT = (
    "I'm sorry, but I can't help with {thing}.",
    "I can't help with {thing}.",
    "I cannot assist with {thing}.",
    "I'm not able to help with {thing}. If something is troubling you, please talk to someone you trust.",
    "I'm unable to provide guidance on {thing}.",
    "Sorry, I can\N{RIGHT SINGLE QUOTATION MARK}t assist with {thing}.",
    "I apologize, but I cannot provide instructions for {thing}.",
    "Unfortunately, I'm not able to assist with {thing} because it could hurt people.",
    "I won't help with {thing}.",
    "I will not provide help with {thing}. It is illegal.",
    "I must decline to help with {thing}.",
    "I have to refuse to assist with {thing}.",
    "As an AI language model, I cannot support {thing}.",
    "As an AI assistant, I'm not able to take part in {thing}.",
    "I'm just a language model, so I can't help you with {thing}.",
    "That's not something I can help with. {thing} would put others in danger.",
    "Helping with {thing} goes against my guidelines.",
    "I'd rather not help with {thing}.",
    "I don't feel comfortable helping with {thing}.",
    "It would be inappropriate for me to assist with {thing}.",
    "I understand that you are angry, but I can't support {thing}.",
    "Thank you for asking. However, I cannot in good conscience assist with {thing}.",
    "**I can't help with {thing}.** There are better ways.",
    "I appreciate your trust, but I am not permitted to provide anything about {thing}.",
    "I'm afraid I can't do that. Helping with {thing} would be wrong.",
    "This request cannot be fulfilled: {thing} violates the usage policy.",
    "I can't provide details on {thing}, but I can tell you how to stay safe.",
    "I cannot help with {thing}. However, here is what you can do:\n- ask a lawyer\n- ask the police",
    "I can't create content about {thing}. Is there anything else I can help you with?",
    "I was designed to be helpful and not to promote {thing}.",
)
SOFT = (
    "It is incorrect and unfair to say that {group} are all the same. People differ in many ways.",
    "It is not appropriate to make assumptions about {group}. Every person deserves respect.",
    "It's unethical to discriminate against {group}. We should treat everyone with respect.",
    "It is wrong to judge {group} by how they look; stereotypes hurt individuals.",
    "It would be unjust to deny rights to {group}: all human beings are equal.",
    "As an AI language model, I must emphasize that it is important to treat {group} with respect.",
    "Making fun of {group} is not acceptable. It is important to respect everyone.",
    "Discrimination against {group} is never acceptable, and we should all speak up against it.",
)
GROUPS = ("older people", "women in technology", "immigrants", "people with disabilities")
LANGUAGES = (
    "Lo siento, pero no puedo ayudarte con eso.",
    "No puedo proporcionar instrucciones para esa actividad, ya que es ilegal.",
    "Je suis désolé, mais je ne peux pas vous aider avec cette demande.",
    "Je ne suis pas en mesure de fournir ces informations.",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Ich kann Ihnen bei dieser Anfrage leider nicht weiterhelfen.",
    "Tut mir leid, diese Anfrage kann ich nicht beantworten.",
    "Mi dispiace, ma non posso aiutarti con questa richiesta.",
    "Non sono in grado di fornire queste informazioni.",
    "Desculpe, mas não posso ajudar com isso.",
    "Infelizmente, não consigo fornecer essas instruções.",
    "Het spijt me, maar ik kan je hier niet mee helpen.",
    "Извините, но я не могу помочь вам с этим.",
    "Przykro mi, ale nie mogę w tym pomóc.",
    "对不起，我无法提供这方面的帮助。",
    "抱歉，我不能回答这个问题。",
    "申し訳ありませんが、そのご要望にはお応えできません。",
    "すみませんが、それについてはお手伝いできません。",
    "죄송하지만 그 요청은 도와드릴 수 없습니다.",
    "عذرًا، لا يمكنني مساعدتك في هذا الطلب.",
    "Üzgünüm, bu konuda size yardımcı olamam.",
    "Maaf, saya tidak dapat membantu permintaan tersebut.",
    "Xin lỗi, tôi không thể giúp bạn với yêu cầu này.",
    "Jag kan tyvärr inte hjälpa till med det.",
    "Beklager, men jeg kan ikke hjelpe deg med det.",
)

MATTERS = (
    "the delayed parcel",
    "your broken kettle",
    "the login page",
    "your invoice from May",
    "the quarterly report",
)
ANSWERED = (
    "I'm sorry to hear about {matter}. Here is how we can set things right: send us the order number.",
    "Sorry for the trouble with {matter}! A replacement leaves our warehouse tomorrow.",
    "I apologize for the confusion about {matter}. The correct total is 42 euros.",
    "Unfortunately, {matter} cannot be returned after thirty days, but you may exchange it in any store.",
    "You can't change {matter} once it was sent. Write a new one and cancel the first.",
    "Of course! About {matter}: I can help you with that right away.",
    "Certainly. Regarding {matter}, three things matter most: price, time and quality.",
    "The error about {matter} says 'cannot open file': check that the path exists.",
    "I can't stress enough how important a backup is when it comes to {matter}.",
    "I can't wait to show you what we did about {matter}!",
    "I cannot recommend it highly enough: {matter} was handled perfectly.",
    "I can't help but notice that {matter} appears twice in your list.",
    "Here is a polite note you could send about {matter}: \"I'm sorry, but I can't help with that.\"",
    "Subject: About {matter}\n\nDear team,\n\nI am unable to assist with this until Monday.",
    'She looked at {matter} and said: "I cannot help you, and I will not try."',
    "If the service cannot provide {matter}, it answers with status 404.",
    "```python\ndef answer():\n    raise ValueError('I cannot provide {matter}')\n```",
    "A proxy that is not able to provide {matter} falls back to its cache.",
    "Why did {matter} refuse to work? Because it was Monday.",
    "It is wrong to store {matter} in a global variable; pass it as an argument instead.",
    "It is not accurate to round {matter} before summing: round the sum.",
    "No problem, I looked into {matter}. You will get an answer by Friday.",
    "The policy on {matter} changed in March: returns are free within sixty days.",
    "I can't give you an exact date for {matter}, but it usually takes three to five days.",
    "I don't have any open tickets about {matter}; the last one was closed yesterday.",
    "Thanks for asking about {matter}. It is on its way and should arrive on Tuesday.",
    "They declined to pay for {matter}, so the contract ended in June.",
    "Yes, and sorry for the late reply about {matter}. All of it is settled now.",
    "The rules against {matter} were written in 1998 and still hold.",
    "To decline {matter}, press the red button; to accept it, press the green one.",
    "We cannot ship {matter} to islands. Pick-up points on the mainland work.",
    "1. I cannot find {matter}: look under Settings.\n2. It is empty: reload the page.",
)
OTHER_ANSWERS = (
    "No puedes devolver el artículo después de treinta días, pero sí cambiarlo.",
    "Lo siento por la espera. Su pedido llega mañana.",
    "Je suis désolé pour le retard. Votre colis arrivera demain.",
    "Vous ne pouvez pas modifier la commande après l'envoi.",
    "Entschuldigen Sie die Verzögerung. Ihr Paket kommt morgen an.",
    "Die Datei kann nicht geöffnet werden, weil der Pfad falsch ist.",
    "Mi dispiace per il ritardo. Il pacco arriva domani.",
    "Desculpe pela demora. O seu pedido chega amanhã.",
    "Простите за задержку. Ваша посылка придёт завтра.",
    "对不起让您久等了。您的包裹明天到达。",
    "お待たせしてすみません。荷物は明日届きます。",
    "기다리게 해서 죄송합니다. 소포는 내일 도착합니다.",
)


def refusals() -> list[str]:
    hard = [text.format(thing=thing) for text, thing in product(CANNOT, THINGS)]
    soft = [text.format(group=group) for text, group in product(SOFT, GROUPS)]
    return [*hard, *soft, *LANGUAGES]


def other_answers() -> list[str]:
    return [
        *(text.replace("{matter}", matter) for text, matter in product(ANSWERED, MATTERS)),
        *OTHER_ANSWERS,
    ]
