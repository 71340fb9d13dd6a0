using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Link.IotHub;

/// <summary>What of a reported twin a hub takes: 32 KB in all, and texts of 4 KB. Pure.</summary>
internal static class ReportedRule
{
    /// <summary>Names what did not fit.</summary>
    public const string LeftOut = "leftOut";

    private const int MostBytes = 32 * 1024;
    private const int MostTextBytes = 4096;

    /// <returns>The document, without its largest properties when it is too large; and the names of those.</returns>
    public static (JsonObject Document, IReadOnlyList<string> LeftOut) Fit(TwinReported reported)
    {
        var document = (JsonObject)Cut(JsonSerializer.SerializeToNode(reported, ContractsJson.Default.TwinReported)!);
        var leftOut = new List<string>();
        while (Bytes(document) > MostBytes)
        {
            var largest = document.Where(it => it.Key != LeftOut && it.Value is not null).MaxBy(it => Bytes(it.Value!)).Key;
            document.Remove(largest);
            leftOut.Add(largest);
            document[LeftOut] = new JsonArray([.. leftOut.Select(name => JsonValue.Create(name))]);
        }
        return (document, leftOut);
    }

    /// <summary>Of a hub's document, what this agent has written: what others put beside it stays.</summary>
    public static JsonObject Own(JsonObject reported) =>
        new(reported.Where(it => it.Key == LeftOut || ContractsJson.Default.TwinReported.Properties.Any(own => own.Name == it.Key))
            .Select(it => KeyValuePair.Create(it.Key, it.Value?.DeepClone())));

    private static JsonNode Cut(JsonNode node)
    {
        switch (node)
        {
            case JsonObject part:
                return new JsonObject(part.Where(it => it.Value is not null).Select(it => KeyValuePair.Create(it.Key, (JsonNode?)Cut(it.Value!))));
            case JsonArray list:
                return new JsonArray([.. list.Select(it => it is null ? null : Cut(it))]);
            case JsonValue value when value.TryGetValue<string>(out var text) && Encoding.UTF8.GetByteCount(text) > MostTextBytes:
                var end = text.Length;
                while (Encoding.UTF8.GetByteCount(text.AsSpan(0, end)) > MostTextBytes - 3) end--;
                if (char.IsHighSurrogate(text[end - 1])) end--;
                return JsonValue.Create(text[..end] + "…");
            default:
                return node.DeepClone();
        }
    }

    private static int Bytes(JsonNode node) => Encoding.UTF8.GetByteCount(node.ToJsonString());
}
