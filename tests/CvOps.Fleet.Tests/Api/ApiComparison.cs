using System.Text.Json.Nodes;

namespace CvOps.Fleet.Tests.Api;

/// <summary>What a program written against one OpenAPI document would miss in another. Pure.</summary>
internal static class ApiComparison
{
    /// <returns>What breaks, in sentences; additions do not.</returns>
    public static IReadOnlyList<string> Breaks(JsonNode stored, JsonNode current)
    {
        var broken = new List<string>();
        foreach (var (path, methods) in stored["paths"]!.AsObject())
        {
            if (current["paths"]![path] is not { } now)
            {
                broken.Add($"The path {path} is gone.");
                continue;
            }
            foreach (var (method, operation) in methods!.AsObject())
            {
                var name = $"{method.ToUpperInvariant()} {path}";
                if (now[method] is not { } other) broken.Add($"{name} is gone.");
                else Operation(name, operation!, other, broken);
            }
        }
        var schemas = current["components"]?["schemas"];
        foreach (var (name, schema) in stored["components"]?["schemas"]?.AsObject() ?? [])
        {
            if (schemas?[name] is { } other) Schema(name, schema!, other, broken);
            else broken.Add($"The record {name} is gone.");
        }
        return broken;
    }

    private static void Operation(string name, JsonNode stored, JsonNode current, List<string> broken)
    {
        if (Text(stored["operationId"]) != Text(current["operationId"])) broken.Add($"{name} was called {stored["operationId"]} and is {current["operationId"]} now.");
        var before = Parameters(stored);
        var after = Parameters(current);
        foreach (var (key, parameter) in before)
        {
            if (!after.TryGetValue(key, out var other)) broken.Add($"{name} takes no {key} any more.");
            else
            {
                if (!IsTrue(parameter["required"]) && IsTrue(other["required"])) broken.Add($"{name} needs {key} now.");
                if (parameter["schema"] is { } schema && other["schema"] is { } now) Schema($"{key} of {name}", schema, now, broken);
            }
        }
        foreach (var (key, parameter) in after)
            if (!before.ContainsKey(key) && IsTrue(parameter["required"])) broken.Add($"{name} needs {key} now.");
        if (stored["requestBody"] is null && IsTrue(current["requestBody"]?["required"])) broken.Add($"{name} needs a body now.");
        Content($"the body of {name}", stored["requestBody"], current["requestBody"], broken);
        foreach (var (status, answer) in stored["responses"]!.AsObject())
        {
            if (status[0] != '2') continue;
            if (current["responses"]![status] is not { } other) broken.Add($"{name} does not answer {status} any more.");
            else Content($"the answer {status} of {name}", answer, other, broken);
        }
    }

    private static void Content(string where, JsonNode? stored, JsonNode? current, List<string> broken)
    {
        foreach (var (type, content) in stored?["content"]?.AsObject() ?? [])
        {
            if (current?["content"]?[type] is not { } other) broken.Add($"{type} is gone from {where}.");
            else if (content?["schema"] is { } schema && other["schema"] is { } now) Schema(where, schema, now, broken);
        }
    }

    private static void Schema(string where, JsonNode stored, JsonNode current, List<string> broken)
    {
        if (Text(stored["$ref"]) is { } reference && Text(current["$ref"]) != reference)
        {
            broken.Add($"{where} was {reference.Split('/')[^1]} and is {Text(current["$ref"])?.Split('/')[^1] ?? "something else"} now.");
            return;
        }
        var (types, others) = (Words(stored["type"]), Words(current["type"]));
        if (types.Count > 0 && others.Count > 0 && types.Except(others).Any()) broken.Add($"{where} was {string.Join(" or ", types)} and is {string.Join(" or ", others)} now.");
        foreach (var value in Words(stored["enum"]).Except(Words(current["enum"]))) broken.Add($"{where} lost the value {value}.");
        foreach (var field in Words(current["required"]).Except(Words(stored["required"]))) broken.Add($"{where} needs the field {field} now.");
        foreach (var (field, schema) in stored["properties"]?.AsObject() ?? [])
        {
            if (current["properties"]?[field] is { } other) Schema($"{where}.{field}", schema!, other, broken);
            else broken.Add($"{where} lost the field {field}.");
        }
        if (stored["items"] is { } items && current["items"] is { } now) Schema($"an entry of {where}", items, now, broken);
        if (stored["additionalProperties"] is JsonObject values && current["additionalProperties"] is JsonObject more) Schema($"a value of {where}", values, more, broken);
        if (stored["oneOf"] is JsonArray before && current["oneOf"] is JsonArray after)
        {
            foreach (var choice in before.Select(it => it!.ToJsonString()).Except(after.Select(it => it!.ToJsonString()))) broken.Add($"{where} cannot be {choice} any more.");
        }
    }

    private static Dictionary<string, JsonNode> Parameters(JsonNode operation) =>
        (operation["parameters"]?.AsArray() ?? []).ToDictionary(parameter => $"the {Text(parameter!["in"])} parameter {Text(parameter["name"])}", parameter => parameter!);

    private static HashSet<string> Words(JsonNode? node) => node switch
    {
        JsonArray array => [.. array.Select(Word)],
        null => [],
        _ => [Word(node)],
    };

    private static string Word(JsonNode? node) => node is null ? "null" : node.GetValueKind() == System.Text.Json.JsonValueKind.String ? node.GetValue<string>() : node.ToJsonString();

    private static string? Text(JsonNode? node) => node?.GetValue<string>();

    private static bool IsTrue(JsonNode? node) => node?.GetValue<bool>() == true;
}
