using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CvOps.Agent.Configuration;

/// <summary>
/// Fills option classes from YAML nodes and collects every mistake instead of stopping at the first. A property <c>BudgetMegabytes</c>
/// is the key <c>budget-megabytes</c>; a <see cref="TimeSpan"/> <c>Interval</c> is <c>interval-seconds</c>; <c>required</c> means
/// required; validation attributes give the ranges, <see cref="IValidatableObject"/> the relations inside a section; a default lives on
/// the property and nowhere else.
/// </summary>
internal sealed class YamlBinder
{
    private readonly List<Mistake> _mistakes = [];
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);

    public IReadOnlyList<Mistake> Mistakes => _mistakes;

    /// <summary>Line of a key that was read, such as <c>cameras[1].id</c>; of its nearest parent when it is absent.</summary>
    public int LineOf(string path)
    {
        for (var at = path; ; at = at[..at.LastIndexOfAny(['.', '['])])
        {
            if (_lines.TryGetValue(at, out var line)) return line;
            if (at.LastIndexOfAny(['.', '[']) < 0) return 0;
        }
    }

    public void Add(string path, string problem) => _mistakes.Add(new Mistake(LineOf(path), path, problem));

    /// <returns>The value; a section with mistakes comes back as far as it could be filled. Null when there is nothing to come back with.</returns>
    public object? Bind(YamlNode node, Type type, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        _lines[path] = (int)node.Start.Line;
        if (ElementOf(type) is { } element) return BindList(node, element, path);
        if (IsSection(type)) return BindSection(node, type, path);
        if (node is not YamlScalarNode { Value: { } text } scalar)
        {
            Add(path, $"a single value is expected here, not {Kind(node)}");
            return null;
        }
        if (text.Length == 0 && scalar.Style == ScalarStyle.Plain)
        {
            Add(path, "the value is missing; write one or remove the key");
            return null;
        }
        var value = Scalars.Parse(text, type, out var expected);
        if (value is null) Add(path, $"'{text}' is not {expected}");
        return value;
    }

    private Array? BindList(YamlNode node, Type element, string path)
    {
        if (node is not YamlSequenceNode sequence)
        {
            Add(path, $"a list is expected here (lines that begin with '- '), not {Kind(node)}");
            return null;
        }
        var items = sequence.Children.Select((child, i) => Bind(child, element, $"{path}[{i}]")).Where(item => item is not null).ToArray();
        var list = Array.CreateInstance(element, items.Length);
        items.CopyTo(list, 0);
        return list;
    }

    private object? BindSection(YamlNode node, Type type, string path)
    {
        if (node is YamlScalarNode { Value: "", Style: ScalarStyle.Plain }) node = new YamlMappingNode();
        if (node is not YamlMappingNode mapping)
        {
            Add(path, $"a section of 'key: value' lines is expected here, not {Kind(node)}");
            return null;
        }
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).ToDictionary(KeyOf, StringComparer.Ordinal);
        var section = RuntimeHelpers.GetUninitializedObject(type);
        if (type.GetConstructor(Type.EmptyTypes) is { } constructor) section = constructor.Invoke(null);
        var before = _mistakes.Count;
        foreach (var (keyNode, value) in mapping.Children)
        {
            var key = (keyNode as YamlScalarNode)?.Value ?? "";
            var at = path.Length == 0 ? key : $"{path}.{key}";
            _lines[at] = (int)keyNode.Start.Line;
            if (!properties.TryGetValue(key, out var property))
            {
                Add(at, NearestKey.Of(key, properties.Keys) is { } near
                    ? $"there is no such key; did you mean '{near}'?"
                    : $"there is no such key; known here: {string.Join(", ", properties.Keys)}");
                continue;
            }
            if (Bind(value, property.PropertyType, at) is not { } bound) continue;
            property.SetValue(section, bound);
            Check(property, bound, at);
        }
        var written = mapping.Children.Keys.OfType<YamlScalarNode>().Select(k => k.Value).ToHashSet();
        foreach (var (key, property) in properties)
        {
            if (IsRequired(property) && !written.Contains(key))
            {
                Add(path.Length == 0 ? key : $"{path}.{key}", "it is missing; add this key");
            }
        }
        if (_mistakes.Count == before && section is IValidatableObject whole)
        {
            foreach (var result in whole.Validate(new ValidationContext(section)))
            {
                var member = result.MemberNames.Select(type.GetProperty).FirstOrDefault(p => p is not null);
                Add(member is null ? path : path.Length == 0 ? KeyOf(member) : $"{path}.{KeyOf(member)}", result.ErrorMessage ?? "it does not fit the rest of the section");
            }
        }
        return section;
    }

    private void Check(PropertyInfo property, object value, string path)
    {
        foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
        {
            if (rule.IsValid(value)) continue;
            Add(path, rule is RangeAttribute range
                ? $"{value} is out of range; use {range.Minimum} to {range.Maximum}"
                : rule.FormatErrorMessage(KeyOf(property)));
        }
    }

    internal static string KeyOf(PropertyInfo property) => Scalars.Kebab(property.Name)
        + ((Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) == typeof(TimeSpan) ? "-seconds" : "");

    /// <summary>A required member, or a positional record's parameter without a default.</summary>
    internal static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute))
        || (property.DeclaringType!.GetConstructor(Type.EmptyTypes) is null
            && property.DeclaringType.GetConstructors().SelectMany(c => c.GetParameters()).Any(p => p.Name == property.Name && !p.HasDefaultValue));

    internal static Type? ElementOf(Type type) => type.IsArray
        ? type.GetElementType()
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    internal static bool IsSection(Type type) => type.Namespace?.StartsWith("CvOps.Agent", StringComparison.Ordinal) == true && !type.IsEnum;

    private static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a section",
        YamlSequenceNode => "a list",
        _ => $"'{node}'",
    };
}
