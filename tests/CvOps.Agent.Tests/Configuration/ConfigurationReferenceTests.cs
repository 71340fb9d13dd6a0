using System.Reflection;
using System.Text;
using CvOps.Agent.Configuration;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Configuration;

/// <summary><c>agent/CONFIGURATION.md</c>: every key of agent.yaml, from the classes that it fills.</summary>
public sealed class ConfigurationReferenceTests
{
    private static readonly string Stored = TestData.InRepository("agent", "CONFIGURATION.md");

    [Fact]
    public async Task The_reference_is_what_the_agent_reads() =>
        Assert.True(await File.ReadAllTextAsync(Stored, TestContext.Current.CancellationToken) == new Reference().Text(), "agent.yaml has other keys than agent/CONFIGURATION.md says: 'make configuration-reference' writes it anew.");

    [Fact]
    public void It_has_keys_of_every_depth_with_default_and_range()
    {
        var text = new Reference().Text();
        Assert.Contains("| `keep-alive-seconds` | 20 | 1 to 1800 | ", text, StringComparison.Ordinal);
        Assert.Contains("| `device` | needed | ", text, StringComparison.Ordinal);
        Assert.Contains("## cameras[]", text, StringComparison.Ordinal);
        Assert.Contains("## actuation[].reject", text, StringComparison.Ordinal);
    }

    /// <summary>What <c>make configuration-reference</c> runs.</summary>
    [Fact(Explicit = true)]
    public Task Writes_what_the_code_says() => File.WriteAllTextAsync(Stored, new Reference().Text(), TestContext.Current.CancellationToken);

    private sealed class Reference
    {
        private readonly OptionsReference _code = new(typeof(AgentOptions).Assembly, Scalars.Kebab);
        private readonly StringBuilder _text = new("""
            # agent.yaml, key by key

            Written from the code by `make configuration-reference`; a test holds it against what the agent reads. [agent.yaml](../deploy/edge/agent.yaml) is the same as an example, `cvops-agent check --config FILE` names every
            mistake of yours with its line. Keys that end in `-seconds` take fractions; a section `name[]` is a list of entries; `-` is no default: without the key there is none.

            """.ReplaceLineEndings("\n"));
        private readonly Dictionary<Type, string> _seen = [];

        public string Text()
        {
            Section("", typeof(AgentOptions));
            return _text.ToString();
        }

        private void Section(string path, Type type)
        {
            if (path.Length > 0) _text.Append($"\n## {path}\n\n{(_code.Says(type) is { Length: > 0 } says ? says + "\n" : "")}");
            if (!_seen.TryAdd(type, path))
            {
                _text.Append($"The same keys as of `{_seen[type]}`.\n");
                return;
            }
            var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).ToArray();
            if (properties.Length > 0) _text.Append("\n| key | default | allowed | what it says |\n| --- | --- | --- | --- |\n");
            var inner = new List<(string Path, Type Type)>();
            var defaults = type.GetConstructor(Type.EmptyTypes)?.Invoke(null);
            foreach (var property in properties)
            {
                var key = YamlBinder.KeyOf(property);
                var element = YamlBinder.ElementOf(property.PropertyType);
                var value = element ?? Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
                var section = YamlBinder.IsSection(value) && !value.IsEnum;
                var at = (path.Length == 0 ? key : $"{path}.{key}") + (element is null ? "" : "[]");
                if (section) inner.Add((at, value));
                _text.Append($"| `{key}` | {(YamlBinder.IsRequired(property) ? "needed" : section ? "" : _code.Value(Default(property, defaults)))} | {(section ? $"[{at}](#{Anchor(at)})" : _code.Allows(property))} | {_code.Says(property)} |\n");
            }
            foreach (var (innerPath, innerType) in inner) Section(innerPath, innerType);
        }

        private static object? Default(PropertyInfo property, object? defaults) => defaults is not null ? property.GetValue(defaults)
            : property.DeclaringType!.GetConstructors().SelectMany(constructor => constructor.GetParameters()).FirstOrDefault(parameter => parameter.Name == property.Name) is { HasDefaultValue: true } given ? given.DefaultValue : null;

        /// <summary>As GitHub and GitLab make one of a heading.</summary>
        private static string Anchor(string heading) => string.Concat(heading.Where(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_'));
    }
}
