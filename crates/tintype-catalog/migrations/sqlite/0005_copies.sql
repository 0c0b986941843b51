-- When the copy was made that readers get, where links point at a public bucket; null where there is none.
alter table images add column copied_at bigint;

-- Work that follows from a change of the catalogue and happens outside it, such as making or removing a copy. It says what
-- to look at, never what to do: whoever does it reads the catalogue as it is by then. A change while it is being done raises
-- its revision, so that it is done again.
create table jobs (
  id         integer primary key autoincrement,
  kind       text   not null,
  subject    text   not null,
  revision   bigint not null,
  attempts   bigint not null,
  due_at     bigint not null,
  created_at bigint not null,
  problem    text,
  unique (kind, subject)
);
create index jobs_due on jobs (due_at);
