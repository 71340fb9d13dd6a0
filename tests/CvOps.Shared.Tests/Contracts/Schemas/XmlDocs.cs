using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CvOps.Contracts;

namespace CvOps.Shared.Tests.Contracts.Schemas;

/// <summary>The docstrings of the contract records as plain sentences.</summary>
internal static partial class XmlDocs
{
    private static readonly Dictionary<string, XElement> Members =
        XDocument.Load(Path.ChangeExtension(typeof(ContractsJson).Assembly.Location, ".xml")).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    public static string? Of(Type type) => Text(Members.GetValueOrDefault($"T:{type.FullName}")?.Element("summary"));

    /// <summary>A property's summary; of a positional one, the parameter's words.</summary>
    public static string? Of(PropertyInfo property) =>
        Text(Members.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}")?.Element("summary"))
        ?? Text(Members.GetValueOrDefault($"T:{property.DeclaringType!.FullName}")?.Elements("param").FirstOrDefault(param => param.Attribute("name")!.Value == property.Name));

    private static string? Text(XElement? element)
    {
        if (element is null) return null;
        var words = string.Concat(element.Nodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement { Name.LocalName: "see" } see => Reference(see.Attribute("cref")!.Value),
            XElement { Name.LocalName: "paramref" } name => Camel(name.Attribute("name")!.Value),
            XElement inner => inner.Value,
            _ => "",
        }));
        // What is null in a program does not travel.
        var sentence = Null().Replace(Spaces().Replace(words, " ").Trim(), match => match.Value == "null" ? "absent" : "Absent");
        return sentence.Length == 0 ? null : sentence;
    }

    /// <summary>A field goes by its name on the wire, a type by its own.</summary>
    private static string Reference(string cref) => cref.StartsWith("P:", StringComparison.Ordinal) ? Camel(cref.Split('.')[^1]) : cref.Split('.')[^1];

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];

    [GeneratedRegex(@"\b[nN]ull\b")]
    private static partial Regex Null();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
