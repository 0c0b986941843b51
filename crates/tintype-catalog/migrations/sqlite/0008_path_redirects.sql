-- Paths that their owner moved, and where they lead now: always to a path itself, never to another row of this table.
create table path_redirects (
  path       text   not null primary key,
  owner_id   bigint not null references owners (id),
  target     text   not null,
  created_at bigint not null
);
create index path_redirects_target on path_redirects (target);

-- Folders are listed in the order of their paths.
create index paths_owned on paths (owner_id, path);
