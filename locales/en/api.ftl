# The page that shows the management API.

api-contents = Operations
api-document = The OpenAPI document
api-name = Name
api-kind = Type
api-meaning = Meaning
api-required = required
api-scope = Scope:
api-body = Body:
api-status = Status
api-types = Types
api-values = One of:
