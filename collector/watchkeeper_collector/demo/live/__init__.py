"""The shop's live traffic: small services with the real clients of OpenAI and Anthropic, instrumented as any
application would be, and a server that answers as their models would. Nothing leaves the machine.

Each runs in a process of its own (``python -m watchkeeper_collector.demo.live SERVICE ENDPOINT``). Nothing
else here imports the SDK.
"""
