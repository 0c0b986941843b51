-- The catalogue as it was first published. Columns are BIGINT, INTEGER, TEXT and BYTEA alone: times are milliseconds since
-- 1970, flags 0 or 1, sets of words JSON. Migrations of other engines carry the same numbers and the same columns.

create table meta (
  key   text not null primary key,
  value text not null
);

-- Who may list, change and delete images: a browser, by the hash of its key, or whoever holds one of the owner's tokens.
create table owners (
  id         integer primary key autoincrement,
  kind       text   not null check (kind in ('browser', 'token')),
  key_hash   bytea  unique,
  created_at bigint not null,
  -- How many images the owner has that are not deleted; kept in the transactions that change it.
  images     bigint not null default 0
);

create table tokens (
  id           integer primary key autoincrement,
  name         text   not null,
  hash         bytea  not null unique,
  owner_id     bigint not null references owners (id),
  scopes       text   not null,
  created_at   bigint not null,
  expires_at   bigint,
  last_used_at bigint,
  revoked_at   bigint
);
create unique index tokens_name on tokens (name) where revoked_at is null;

-- Stored bytes. live: referenced or about to be; orphan: without references since orphaned_at; deleting: its file is being
-- removed; damaged: its file is missing or altered. References are the rows of images, never a counter.
create table blobs (
  id          integer primary key autoincrement,
  key         text   not null unique,
  hash        bytea  not null,
  bytes       bigint not null,
  state       text   not null check (state in ('live', 'orphan', 'deleting', 'damaged')),
  created_at  bigint not null,
  orphaned_at bigint,
  damaged_at  bigint
);
-- At most one file of the same bytes takes new references.
create unique index blobs_shared on blobs (hash) where state in ('live', 'orphan');
create index blobs_released on blobs (orphaned_at) where orphaned_at is not null;

create table images (
  sequence          integer primary key autoincrement,
  id                text    not null unique,
  owner_id          bigint  not null references owners (id),
  blob_id           bigint  references blobs (id),
  received_hash     bytea   not null,
  received_bytes    bigint  not null,
  keep_metadata     integer not null,
  file_name         text,
  title             text,
  description       text,
  alt               text,
  label             text,
  tags              text    not null,
  media_type        text    not null,
  width             bigint  not null,
  height            bigint  not null,
  frames            bigint  not null,
  orientation       integer not null,
  has_alpha         integer not null,
  thumbhash         bytea   not null,
  colour            bigint  not null,
  visibility        text    not null check (visibility in ('public', 'unlisted', 'private')),
  created_at        bigint  not null,
  updated_at        bigint  not null,
  expires_at        bigint,
  deleted_at        bigint,
  deleted_reason    text    check (deleted_reason in ('asked', 'expired')),
  purged_at         bigint,
  delete_token_hash bytea   unique
);
create index images_listed on images (owner_id, created_at, sequence) where deleted_at is null;
create index images_labelled on images (owner_id, label, created_at, sequence) where deleted_at is null and label is not null;
create index images_received on images (owner_id, received_hash) where deleted_at is null;
create index images_blob on images (blob_id) where blob_id is not null;
create index images_expiring on images (expires_at) where deleted_at is null and expires_at is not null;
create index images_expiring_of on images (owner_id, expires_at) where deleted_at is null and expires_at is not null;
create index images_trashed on images (deleted_at) where deleted_at is not null and purged_at is null;

create table paths (
  path       text   not null primary key,
  owner_id   bigint not null references owners (id),
  image_id   bigint not null references images (sequence),
  created_at bigint not null,
  updated_at bigint not null
);
create index paths_image on paths (image_id);

-- Addresses that replaced systems gave out.
create table aliases (
  kind       text   not null check (kind in ('images', 'i', 'path')),
  name       text   not null,
  image_id   bigint not null references images (sequence),
  created_at bigint not null,
  primary key (kind, name)
);
create index aliases_image on aliases (image_id);

-- Files that are about to get their name in the store. What stands here after a crash may be a file that nothing refers to.
create table intents (
  id         integer primary key autoincrement,
  key        text   not null,
  started_at bigint not null
);
