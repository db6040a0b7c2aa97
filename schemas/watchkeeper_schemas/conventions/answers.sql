-- What an answer is like: features of its text, the same on spans and on log records, as named expressions in stages.
--
-- {text} is the decoded answer, {declines} whether its provider marks it as a refusal. Those of the last stage are the
-- features, by the names of the columns.

-- stage: the text

trimBoth({text}, ' \n\r\t') AS answer,

{{refusal_beginning|trimBoth({text}, ' \n\r\t')}} AS answer_beginning

-- stage: its letters

{{letter_scripts|answer_beginning}} AS answer_scripts,

splitByChar('\n', answer) AS answer_lines

-- stage: its script

{{main_script|answer_scripts}} AS answer_script

-- stage: its words

-- Where words are not spaced, a character counts as one.
{{words|answer_script|answer}} AS answer_words

-- stage: its runs of words

{{shingles|answer_words}} AS answer_shingles

-- stage: those that differ

arrayDistinct(answer_shingles) AS answer_different

-- stage: the features

toUInt32(length(answer_words)) AS OutputWords,

if(answer = '', 0, cityHash64(answer)) AS OutputHash,

{{smallest|answer_different}} AS OutputShingles,

if(empty(answer_shingles), 0, toFloat32(1 - length(answer_different) / length(answer_shingles))) AS RepeatedShare,

answer = '' AS IsBlank,

match(answer, '^[\\[{]') AND isValidJSON(answer) AS IsJson,

match(answer, '^(\\{\\s*["}]|\\[\\s*[\\[{"])') AS LooksLikeJson,

position(answer, '```') > 0 AS HasCodeFence,

toUInt16(least(65535, arrayCount(l -> match(l, '^\\s*([-*+•]|[0-9]{1,3}[.)])\\s'), answer_lines))) AS ListItemCount,

toUInt16(least(65535, arrayCount(l -> match(l, '^#{1,6}\\s'), answer_lines))) AS HeadingCount,

if({declines}, 'refusal_part', {{refusal_cue|answer_beginning}}) AS RefusalCue,

match(substring(answer_beginning, 1, 240), {{apologies}}) AS IsApology,

match(right(answer, 32), '[?？؟;][\\s"\'”’»)*_]*$') AS IsQuestion,

multiIf(answer_script != '', answer_script, match(answer, '[a-zA-Z]'), 'Latn', '') AS OutputScript,

toFloat32(if(answer_script = '', match(answer, '[a-zA-Z]'), countEqual(answer_scripts, answer_script) / length(answer_scripts))) AS OutputScriptShare
