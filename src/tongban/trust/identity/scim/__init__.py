"""SCIM 2.0 (RFC 7643, RFC 7644): a personnel system drives accounts and offices, within its office's subtree."""
