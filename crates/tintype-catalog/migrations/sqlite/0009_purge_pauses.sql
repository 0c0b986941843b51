-- How often a cache was told of a change since the subject changed last.
alter table purges add column told bigint not null default 0;

-- Until when a cache asked to be left alone.
alter table caches add column rests_until bigint;

-- Variants that were sent, by their image's id, for caches that forget no address but those that they are told. The files may
-- be removed at any time. Takes the place of the column variants of purges, which nothing reads any more.
create table served_variants (
  image  text not null,
  recipe text not null,
  primary key (image, recipe)
);

create index purges_subject on purges (subject);
create index purges_listed on purges (created_at, id);
-- What is new goes before what has failed.
create index purges_tried on purges (cache, attempts, due_at);
create index purges_failing on purges (cache, created_at, id) where problem is not null;
