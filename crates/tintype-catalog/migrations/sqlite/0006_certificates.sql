-- Accounts at certificate authorities (RFC 8555), by the address of their directory. The credentials hold a private key.
create table acme_accounts (
  directory   text   primary key,
  credentials text   not null,
  created_at  bigint not null
);

-- What is known of the certificate of a domain: the one in use, which is null until the first was issued, and when the
-- authority is asked next after a failure.
create table certificates (
  domain      text   not null,
  directory   text   not null,
  chain       text,
  private_key text,
  not_before  bigint,
  not_after   bigint,
  attempts    bigint not null,
  due_at      bigint,
  problem     text,
  primary key (domain, directory)
);
