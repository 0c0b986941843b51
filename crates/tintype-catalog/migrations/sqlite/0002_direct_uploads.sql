-- Uploads in two steps: the file is sent by itself and published by a later request. Only the hash of the id is kept; the
-- id is the right to both.
create table direct_uploads (
  id_hash    bytea  not null primary key,
  owner_id   bigint not null references owners (id),
  file_name  text,
  -- What the sender said that the file would be.
  bytes      bigint,
  sha256     bytea,
  created_at bigint not null,
  -- What it became.
  image_id   bigint references images (sequence)
);
create index direct_uploads_created on direct_uploads (created_at);
create index direct_uploads_image on direct_uploads (image_id) where image_id is not null;
