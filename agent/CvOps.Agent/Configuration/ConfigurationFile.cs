using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CvOps.Agent.Configuration;

/// <summary>Reads the agent's YAML file.</summary>
internal static class ConfigurationFile
{
    /// <exception cref="ConfigurationException">With every mistake the file has.</exception>
    public static AgentOptions Load(string path) => Parse(Text(path));

    /// <exception cref="ConfigurationException">It can't be read.</exception>
    public static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The configuration '{path}' cannot be read ({e.Message}); name an existing file with --config and let this user read it.");
        }
    }

    /// <exception cref="ConfigurationException">With every mistake the text has, by rising line.</exception>
    public static AgentOptions Parse(string text)
    {
        var binder = new YamlBinder();
        var options = Bind(Root(text), binder);
        return binder.Mistakes.Count == 0 && options is not null
            ? options
            : throw new ConfigurationException([.. binder.Mistakes.OrderBy(m => m.Line)]);
    }

    /// <returns>The document's sections; none where it is something else, which <see cref="Parse"/> complains of.</returns>
    /// <exception cref="ConfigurationException">It is not YAML.</exception>
    internal static YamlMappingNode Read(string text) => Root(text) as YamlMappingNode ?? [];

    private static YamlNode Root(string text)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new ConfigurationException([new Mistake((int)e.Start.Line, "", $"this is not YAML: {e.Message.TrimEnd('.')}; check indentation (spaces, no tabs) and colons")]);
        }
        return yaml.Documents.FirstOrDefault()?.RootNode ?? new YamlMappingNode();
    }

    /// <returns>The options as far as they could be filled; the binder has every mistake.</returns>
    internal static AgentOptions? Bind(YamlNode root, YamlBinder binder)
    {
        var options = (AgentOptions?)binder.Bind(root, typeof(AgentOptions), "");
        if (options is not null) Relations.Check(options, binder);
        return options;
    }
}
