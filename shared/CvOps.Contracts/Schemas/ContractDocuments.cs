using System.Reflection;

namespace CvOps.Contracts.Schemas;

/// <summary>The contract as other programs read it: a JSON Schema for each message and the AsyncAPI document of all topics, generated from this assembly.</summary>
public static class ContractDocuments
{
    private const string Prefix = "contracts/";
    private const string SchemaSuffix = ".schema.json";
    private const string AsyncApiFile = "asyncapi.json";

    /// <summary>Records that have a schema, by name.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Here.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(SchemaSuffix, StringComparison.Ordinal))
        .Select(name => name[Prefix.Length..^SchemaSuffix.Length]).Order(StringComparer.Ordinal)];

    /// <summary>The AsyncAPI 3.0 document, JSON.</summary>
    public static string AsyncApi => Read(AsyncApiFile)!;

    private static Assembly Here => typeof(ContractDocuments).Assembly;

    /// <param name="name">A record's name, such as <c>InspectionReport</c>, in any case; or the first level of its topic, such as <c>inspection</c>.</param>
    /// <returns>JSON Schema 2020-12 with examples; null when there is none of that name.</returns>
    public static string? Schema(string name)
    {
        var record = Names.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? TopicCatalog.All.FirstOrDefault(rule => rule.Filter.TrimEnd('+', '/').Equals(name, StringComparison.OrdinalIgnoreCase))?.Message.Name;
        return record is null ? null : Read(record + SchemaSuffix);
    }

    private static string? Read(string file)
    {
        using var stream = Here.GetManifestResourceStream(Prefix + file);
        if (stream is null) return null;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
