-- The last leg but for the cost: features of the answers, and what the spans of a trace in {source} share.
--
-- Spans get what all spans of their trace in the same insert agree on, which is all that most traces need:
-- they arrive as one. The settling worker sees to the others.

SELECT
    * EXCEPT '^(own_.*|users|sessions|prompts|releases|environments|features|total_input|total_output|newest_input|joined_output|document_hash|is_json_asked|declines|answer)$',
    if(own_user = '' AND length(users) = 1, users[1], own_user) AS UserId,
    if(own_session = '' AND length(sessions) = 1, sessions[1], own_session) AS SessionId,
    if(own_prompt = '' AND own_prompt_version = '' AND length(prompts) = 1, prompts[1].1, own_prompt) AS PromptName,
    if(own_prompt = '' AND own_prompt_version = '' AND length(prompts) = 1, prompts[1].2, own_prompt_version) AS PromptVersion,
    if(own_release = '' AND length(releases) = 1, releases[1], own_release) AS Release,
    if(own_environment = '' AND length(environments) = 1, environments[1], own_environment) AS Environment,
    if(own_feature = '' AND length(features) = 1, features[1], own_feature) AS Feature,
    toUInt8((own_user = '' AND length(users) = 1)
        + 2 * (own_session = '' AND length(sessions) = 1)
        + 4 * (own_prompt = '' AND own_prompt_version = '' AND length(prompts) = 1)
        + 8 * (own_release = '' AND length(releases) = 1)
        + 16 * (own_environment = '' AND length(environments) = 1)
        + 32 * (own_feature = '' AND length(features) = 1)) AS Inherited,
    lengthUTF8(InputText) AS InputChars,
    lengthUTF8(OutputText) AS OutputChars,
    if(InputText = '' AND empty(Content), 0, cityHash64(document_hash, InputText, Provider)) AS InputHash,
    FinishReason = 'length' AS IsTruncated,
    {{answer_columns:IsBlank,LooksLikeJson|answer}},
    Kind = 'llm' AND HasOutput AND ToolCallCount = 0 AND {{answer_feature:IsBlank|answer}} AS IsEmpty,
    is_json_asked OR {{answer_feature:LooksLikeJson|answer}} AS IsJsonExpected,
    {{answer_feature:RefusalCue|answer}} != '' AS IsRefusal
FROM
(
    SELECT
        *,
        {{answer_features|OutputText|declines}} AS answer,
        groupUniqArrayIf(2)(own_user, own_user != '') OVER trace AS users,
        groupUniqArrayIf(2)(own_session, own_session != '') OVER trace AS sessions,
        groupUniqArrayIf(2)((own_prompt, own_prompt_version), own_prompt != '' OR own_prompt_version != '') OVER trace AS prompts,
        groupUniqArrayIf(2)(own_release, own_release != '') OVER trace AS releases,
        groupUniqArrayIf(2)(own_environment, own_environment != '') OVER trace AS environments,
        groupUniqArrayIf(2)(own_feature, own_feature != '') OVER trace AS features
    FROM {source}
    WINDOW trace AS (PARTITION BY Project, TraceId)
)
