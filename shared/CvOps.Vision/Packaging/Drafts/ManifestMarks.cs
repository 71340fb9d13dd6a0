using System.Text.Json;

namespace CvOps.Vision.Packaging.Drafts;

/// <summary>
/// Marks in a draft of a manifest: a string that begins with "?" stands where a person must say something, and goes on with what. No class,
/// name or output may therefore begin with "?".
/// </summary>
public static class ManifestMarks
{
    /// <param name="what">What the person must say, and what there is to choose from.</param>
    public static string Mark(string what) => "? " + what;

    /// <returns>Each mark that is left, "path: what", in the document's order.</returns>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static IReadOnlyList<string> Find(string json)
    {
        using var document = JsonDocument.Parse(json);
        var found = new List<string>();
        Collect(document.RootElement, "", found);
        return found;
    }

    private static void Collect(JsonElement element, string path, List<string> found)
    {
        if (element.ValueKind == JsonValueKind.String && element.GetString() is { } text && text.StartsWith('?')) found.Add($"{path}: {text[1..].Trim()}");
        if (element.ValueKind == JsonValueKind.Object)
            foreach (var property in element.EnumerateObject()) Collect(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}", found);
        if (element.ValueKind != JsonValueKind.Array) return;
        var index = 0;
        foreach (var item in element.EnumerateArray()) Collect(item, $"{path}[{index++}]", found);
    }
}
