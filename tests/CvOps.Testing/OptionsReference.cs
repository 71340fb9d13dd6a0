using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CvOps.Testing;

/// <summary>What the code says of an option: its documentation, its default, what it allows. For references that are written from it.</summary>
/// <param name="assembly">Its documentation (XML) lies beside it.</param>
/// <param name="word">How a member or an enum's value is written where options are set.</param>
public sealed partial class OptionsReference(Assembly assembly, Func<string, string> word)
{
    private readonly Dictionary<string, XElement> _members =
        XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal);

    /// <summary>One line of Markdown; empty where the code says nothing.</summary>
    public string Says(PropertyInfo property)
    {
        var owner = property.DeclaringType!.FullName!.Replace('+', '.');
        var own = _members.GetValueOrDefault($"P:{owner}.{property.Name}")?.Element("summary");
        // A positional record's are parameters of the record.
        return Line(own ?? _members.GetValueOrDefault($"T:{owner}")?.Elements("param").FirstOrDefault(param => param.Attribute("name")!.Value == property.Name));
    }

    public string Says(Type type) => Line(_members.GetValueOrDefault($"T:{type.FullName!.Replace('+', '.')}")?.Element("summary"));

    /// <summary>The values that are allowed, or the least and the most; empty where nothing says so.</summary>
    public string Allows(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type.IsEnum) return string.Join(", ", Enum.GetNames(type).Select(name => $"`{word(name)}`"));
        if (type == typeof(bool)) return "`true`, `false`";
        if (property.GetCustomAttribute<AllowedValuesAttribute>() is { } values) return string.Join(", ", values.Values.Select(value => $"`{value}`"));
        if (property.GetCustomAttribute<RangeAttribute>() is not { } range) return "";
        return $"{Bound(range.Minimum)} to {Bound(range.Maximum)}";

        string Bound(object bound) => type == typeof(TimeSpan) ? Seconds(TimeSpan.Parse(bound.ToString()!, CultureInfo.InvariantCulture)) : Convert.ToString(bound, CultureInfo.InvariantCulture)!;
    }

    /// <summary>How a span of time is written; whole seconds where the options are in seconds.</summary>
    public Func<TimeSpan, string> Seconds { get; init; } = span => span.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);

    public string Value(object? value) => value switch
    {
        null or "" => "-",
        TimeSpan span => Seconds(span),
        bool yes => yes ? "true" : "false",
        Enum one => word(one.ToString()),
        string text => text,
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(Value)) is { Length: > 0 } all ? all : "none",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private string Line(XElement? says) => says is null ? "" : Spaces().Replace(string.Concat(says.Nodes().Select(Text)), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);

    private string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" or "paramref" } other when (other.Attribute("cref") ?? other.Attribute("langword") ?? other.Attribute("name"))?.Value is { } reference => $"`{Name(reference)}`",
        XElement other => string.Concat(other.Nodes().Select(Text)),
        _ => "",
    };

    private string Name(string reference)
    {
        var last = reference.Split('.', ':')[^1];
        return reference.StartsWith("P:", StringComparison.Ordinal) || reference.StartsWith("F:", StringComparison.Ordinal) ? word(last) : last;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
