def check_conversation(c):
    pass
