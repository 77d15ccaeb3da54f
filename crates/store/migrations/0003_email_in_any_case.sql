-- E-mails are looked up in any case of their letters.
CREATE INDEX account_email_folded ON account (LOWER(email));
DROP INDEX account_email;
