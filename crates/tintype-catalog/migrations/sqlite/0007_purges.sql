-- Caches in front of the server that are to be told what to forget, by the name of their driver. The server writes here what
-- its settings say; commands that change images while no server runs find it here.
create table caches (
  name text not null primary key
);

-- What each of them has yet to forget: an image, by its id, or a named path, with a slash before it. A cache is told once at
-- once (purge) and once more a little later (again); then it is seen whether it has forgotten (verify).
create table purges (
  id         integer primary key autoincrement,
  cache      text   not null,
  subject    text   not null,
  revision   bigint not null,
  step       text   not null check (step in ('purge', 'again', 'verify')),
  attempts   bigint not null,
  due_at     bigint not null,
  created_at bigint not null,
  problem    text,
  -- Files of variants that were removed before every cache had forgotten them: a JSON array of recipes.
  variants   text   not null,
  unique (cache, subject)
);
create index purges_due on purges (cache, due_at);
