-- What errors of one kind have in common: their message without what differs from one time to the next.
--
-- Numbers, ids, times, URLs and quoted values give way to `<n>`, `<id>`, `<time>`, `<url>` and `<value>`; of a JSON
-- or Python document (as OpenAI's client puts into its messages) only its `message` is looked at. The engine works
-- it out when a span is stored, for failed spans only, and when it reads one that was stored before this.
-- No settling changes what it is made of. On a cluster the table over all shards has the column too; it is
-- materialized there as well, or the shards would be sent a value for a column that they compute.

ALTER TABLE {local:spans} {on_cluster} ADD COLUMN IF NOT EXISTS ErrorPattern LowCardinality(String) MATERIALIZED
    if(NOT IsError, '', trimBoth(substringUTF8(
        replaceRegexpAll(
        replaceRegexpAll(
        replaceRegexpAll(
        replaceRegexpAll(
        replaceRegexpAll(
        replaceRegexpAll(
        replaceRegexpAll(
            if(
                match(substringUTF8(ErrorMessage, 1, 2000), '[\'"]message[\'"]: ?[\'"]'),
                trim(BOTH '"\'' FROM extract(
                    substringUTF8(ErrorMessage, 1, 2000), '[\'"]message[\'"]: ?(\'[^\']*\'?|"(?:[^"\\\\]|\\\\.)*"?)')),
                substringUTF8(ErrorMessage, 1, 2000)),
            '[a-zA-Z][a-zA-Z0-9+.-]*://[^\\s"\'<>)]+', '<url>'),
            '"(?:[^"\\\\]|\\\\.)*"|`[^`]*`|(^|[^\\pL\\pN])\'[^\']*\'', '\\1<value>'),
            '\\b\\d{4}-\\d\\d-\\d\\d(?:[T ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?(?:Z|[+-]\\d\\d:?\\d\\d)?)?', '<time>'),
            '(^|[\\s(=:,])(?:\\d+(?:\\.\\d+)?(?:ns|us|µs|ms|s|m|h|d))+\\b', '\\1<n>'),
            '\\b(?:[\\w.@+-]*\\pL[\\w.@+-]*\\d[\\w.@+-]*|[\\w.@+-]*\\d[\\w.@+-]*\\pL[\\w.@+-]*[\\w@+-]|[\\w.+-]+@[\\w.-]+)', '<id>'),
            '[+-]?\\b\\d+(?:[.,:/]\\d+)*%?', '<n>'),
            '\\s+', ' '),
        1, 200)));

ALTER TABLE {database}.spans {on_cluster} ADD COLUMN IF NOT EXISTS ErrorPattern LowCardinality(String) MATERIALIZED '';
