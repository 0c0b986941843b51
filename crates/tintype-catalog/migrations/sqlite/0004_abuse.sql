-- What strangers report, and what the operator bans.
create table reports (
  id         integer primary key autoincrement,
  image_id   bigint not null references images (sequence),
  reason     text   not null,
  detail     text,
  contact    text,
  created_at bigint not null,
  closed_at  bigint
);
create index reports_open on reports (created_at) where closed_at is null;
create index reports_image on reports (image_id);

-- content: the SHA-256 of a file, as received or as published. address: a network.
create table bans (
  kind       text   not null check (kind in ('content', 'address')),
  value      text   not null,
  note       text,
  created_at bigint not null,
  primary key (kind, value)
);
