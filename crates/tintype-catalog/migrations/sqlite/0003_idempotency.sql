-- Uploads that may be repeated: what a key led to. The key itself is not kept.
create table idempotency (
  key_hash      bytea  not null primary key,
  received_hash bytea  not null,
  image_id      bigint not null references images (sequence),
  created_at    bigint not null
);
create index idempotency_created on idempotency (created_at);
create index idempotency_image on idempotency (image_id);
