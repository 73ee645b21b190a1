"""The Zalo half of the sandbox: OAuth, the OA Open API, ZNS, webhooks and their controls."""
