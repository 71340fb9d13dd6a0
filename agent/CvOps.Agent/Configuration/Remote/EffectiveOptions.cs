using CvOps.Contracts.Twin;
using YamlDotNet.RepresentationModel;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>The configuration the agent lives by: its file, and what the fleet's settings put over it.</summary>
/// <param name="Sections">Text of each section at the top of the document, so that one that did not change is left alone.</param>
internal sealed record EffectiveOptions(AgentOptions Options, IReadOnlyDictionary<string, string> Sections)
{
    public static EffectiveOptions Of(AgentOptions options, YamlMappingNode root) =>
        new(options, root.Children.ToDictionary(pair => pair.Key.ToString(), pair => pair.Value.ToString(), StringComparer.Ordinal));

    /// <summary>The file alone.</summary>
    /// <exception cref="ConfigurationException">With every mistake the text has, by rising line.</exception>
    public static EffectiveOptions OfFile(string text)
    {
        var root = ConfigurationFile.Read(text);
        return Of(ConfigurationFile.Parse(text), root);
    }

    /// <summary>The file, or the file and settings over it.</summary>
    /// <exception cref="ConfigurationException">With every mistake.</exception>
    public static EffectiveOptions Of(string file, string? settings) => settings is null ? OfFile(file) : SettingsMerge.Over(file, settings);

    /// <summary>What the agent comes up with: the file and what was proven over it; the file alone where it says so, or where the two no longer go together.</summary>
    /// <exception cref="ConfigurationException">With every mistake of the file.</exception>
    public static EffectiveOptions Start(string file, DesiredConfiguration? proven)
    {
        var own = OfFile(file);
        if (proven is null || !own.Options.FleetSettings) return own;
        try
        {
            return Of(file, proven.Settings);
        }
        catch (ConfigurationException)
        {
            return own;     // the loop finds the same, and reports it
        }
    }

    public bool Differs(EffectiveOptions other, string section) => Sections.GetValueOrDefault(section) != other.Sections.GetValueOrDefault(section);
}
