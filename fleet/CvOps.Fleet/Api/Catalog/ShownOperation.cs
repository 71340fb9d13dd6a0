using System.Text.Json;

namespace CvOps.Fleet.Api.Catalog;

/// <summary>An operation of the document as the page of the API shows it.</summary>
internal sealed record ShownOperation(string Method, string Path, string Id, string Tag, string Summary, IReadOnlyList<ShownParameter> Parameters, ShownContent? Body, IReadOnlyList<ShownAnswer> Answers)
{
    /// <summary>In the order of the document, one feature after the other.</summary>
    public static IEnumerable<ShownOperation> Read(JsonElement document) => document.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Where(method => method.Value.ValueKind == JsonValueKind.Object && method.Value.TryGetProperty("operationId", out _)).Select(method => Of(method.Name, path.Name, method.Value)));

    private static ShownOperation Of(string method, string path, JsonElement operation) => new(
        method.ToUpperInvariant(), path, operation.GetProperty("operationId").GetString()!, operation.GetProperty("tags")[0].GetString()!, operation.GetProperty("summary").GetString()!,
        operation.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray().Select(ShownParameter.Of)] : [],
        operation.TryGetProperty("requestBody", out var body) ? ContentOf(body) : null,
        [.. operation.GetProperty("responses").EnumerateObject().Select(answer => new ShownAnswer(answer.Name, ContentOf(answer.Value)?.Media ?? "", ContentOf(answer.Value)?.Schema))]);

    private static ShownContent? ContentOf(JsonElement of)
    {
        if (!of.TryGetProperty("content", out var content)) return null;
        var types = content.EnumerateObject().ToArray();
        return types.Length == 0 ? null : new ShownContent(string.Join(", ", types.Select(type => type.Name)), types[0].Value.TryGetProperty("schema", out var schema) ? NameOf(schema) : null);
    }

    /// <returns>The record's name, with [] for a list; null for what has none.</returns>
    private static string? NameOf(JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference) ? reference.GetString()!.Split('/')[^1] : schema.TryGetProperty("items", out var items) && NameOf(items) is { } of ? $"{of}[]" : null;
}

internal sealed record ShownParameter(string Name, string In, string Type, bool Required, string Says)
{
    public static ShownParameter Of(JsonElement parameter) => new(
        parameter.GetProperty("name").GetString()!, parameter.GetProperty("in").GetString()!,
        parameter.TryGetProperty("schema", out var schema) && schema.TryGetProperty("type", out var type) ? type.ValueKind == JsonValueKind.Array ? string.Join(" or ", type.EnumerateArray().Select(it => it.GetString())) : type.GetString()! : "",
        parameter.TryGetProperty("required", out var required) && required.GetBoolean(), parameter.TryGetProperty("description", out var says) ? says.GetString()! : "");
}

internal sealed record ShownContent(string Media, string? Schema);

internal sealed record ShownAnswer(string Status, string Media, string? Schema);
