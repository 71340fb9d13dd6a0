using System.Text;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;

namespace CvOps.Plans.Yaml;

/// <summary>
/// The keys of a part of a plan. They are those of the contract, with hyphens, so that there is no second list of them to forget: what the contract gains, a plan
/// can say. Durations have a second name without the unit: <c>timeout-seconds: 3600</c> is <c>timeout: 1h</c>.
/// </summary>
internal static class PlanShape
{
    private const string SecondsSuffix = "seconds";

    public static IReadOnlyList<PlanKey> KeysOf(Type type) =>
    [
        .. ContractsJson.Default.GetTypeInfo(type)!.Properties.Where(property => property.Get is not null || property.Set is not null || property.AssociatedParameter is not null)
            .Where(property => property.PropertyType != typeof(object)).Select(Key),
    ];

    /// <summary>Whether the type has keys of its own, and is no word or list.</summary>
    public static bool IsMap(Type type) => ContractsJson.Default.GetTypeInfo(type)?.Kind == JsonTypeInfoKind.Object;

    /// <summary><c>falseStopRisk</c> as <c>false-stop-risk</c>.</summary>
    public static string Hyphenated(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0) text.Append('-');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }

    private static PlanKey Key(JsonPropertyInfo property)
    {
        var name = Hyphenated(property.Name);
        var other = name == SecondsSuffix ? "time" : name.EndsWith("-" + SecondsSuffix, StringComparison.Ordinal) ? name[..^(SecondsSuffix.Length + 1)]
            : name == "bytes-per-second" ? "bandwidth" : null;
        return new PlanKey(name, other, property.Name, property.PropertyType, property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false, IsMemberInitializer: false }, property.IsRequired);
    }
}

/// <param name="Name">As people write it.</param>
/// <param name="Other">Another name for it; null when there is none.</param>
/// <param name="Json">As the contract has it.</param>
/// <param name="Essential">Without it there is nothing that could be looked at.</param>
internal sealed record PlanKey(string Name, string? Other, string Json, Type Type, bool Required, bool Essential)
{
    public bool IsDuration => Name == "seconds" || Name.EndsWith("-seconds", StringComparison.Ordinal);

    public bool IsRate => Name == "bytes-per-second";

    public bool Is(string written) => Name == written || Other == written || Json == written;
}
