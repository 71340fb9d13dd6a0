using System.Reflection;
using System.Text;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Serving;

/// <summary><c>fleet/CONFIGURATION.md</c>: every setting of cvops-fleet, from the classes that hold them.</summary>
public sealed class ConfigurationReferenceTests
{
    private static readonly string Stored = TestData.InRepository("fleet", "CONFIGURATION.md");

    [Fact]
    public async Task The_reference_is_what_the_fleet_reads() =>
        Assert.True(await File.ReadAllTextAsync(Stored, TestContext.Current.CancellationToken) == Text(), "cvops-fleet has other settings than fleet/CONFIGURATION.md says: 'make configuration-reference' writes it anew.");

    [Fact]
    public void Every_option_of_the_command_line_sets_something_that_is_in_it()
    {
        var text = Text();
        Assert.All(CommandLine.Settings.Keys, option => Assert.Contains($"`{option}`", text, StringComparison.Ordinal));
        Assert.All(CommandLine.Settings.Keys, option => Assert.Contains(option + " ", CommandLine.Help, StringComparison.Ordinal));
    }

    /// <summary>What <c>make configuration-reference</c> runs.</summary>
    [Fact(Explicit = true)]
    public Task Writes_what_the_code_says() => File.WriteAllTextAsync(Stored, Text(), TestContext.Current.CancellationToken);

    private static string Text()
    {
        var code = new OptionsReference(typeof(FleetOptions).Assembly, name => name) { Seconds = span => span.ToString("c") };
        var text = new StringBuilder("""
            # The fleet's settings

            Written from the code by `make configuration-reference`; a test holds it against what the fleet reads. Each is set by section `Fleet` of `appsettings.json` in the working folder, by a file of the folder that
            `--secrets` names, by the environment, or on the command line; the later of these wins. In the environment and for files a setting is called `Fleet__NAME`, one of a section below `Fleet__SECTION__NAME`. Durations are
            `days.hours:minutes:seconds`. A start with mistakes names all of them and ends with 78.

            """.ReplaceLineEndings("\n"));
        Section(typeof(FleetOptions), "");
        return text.ToString();

        void Section(Type type, string path)
        {
            if (path.Length > 0) text.Append($"\n## {path}\n\n{code.Says(type)}\n");
            text.Append("\n| setting | option | default | allowed | what it says |\n| --- | --- | --- | --- | --- |\n");
            var inner = new List<(Type, string)>();
            var defaults = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
            {
                var value = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
                var entries = value.IsGenericType && value.GetGenericTypeDefinition() == typeof(Dictionary<,>) ? value.GetGenericArguments()[1] : null;
                var section = IsSection(entries ?? value);
                var at = (path.Length == 0 ? property.Name : $"{path}__{property.Name}") + (entries is null ? "" : "__KEY");
                if (section) inner.Add((entries ?? value, at));
                var option = path.Length > 0 ? "" : property.Name == nameof(FleetOptions.AllowPlainNetwork) ? "`--allow-plain-network`"
                    : string.Join(", ", CommandLine.Settings.Where(pair => pair.Value == property.Name).Select(pair => $"`{pair.Key}`"));
                text.Append($"| `{property.Name}` | {option} | {(section || entries is not null ? "-" : code.Value(property.GetValue(defaults)))} | {(section ? $"[{at}](#{at.ToLowerInvariant()})" : code.Allows(property))} | {code.Says(property)} |\n");
            }
            foreach (var (innerType, at) in inner) Section(innerType, at);
        }

        static bool IsSection(Type type) => type.Namespace?.StartsWith("CvOps", StringComparison.Ordinal) == true && !type.IsEnum;
    }
}
