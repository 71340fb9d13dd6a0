using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CvOps.Agent.Configuration;

/// <summary>Reads the agent's YAML file.</summary>
internal static class ConfigurationFile
{
    /// <exception cref="ConfigurationException">With every mistake the file has.</exception>
    public static AgentOptions Load(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The configuration '{path}' cannot be read ({e.Message}); name an existing file with --config and let this user read it.");
        }
        return Parse(text);
    }

    /// <exception cref="ConfigurationException">With every mistake the text has, by rising line.</exception>
    public static AgentOptions Parse(string text)
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
        var binder = new YamlBinder();
        var options = (AgentOptions?)binder.Bind(yaml.Documents.FirstOrDefault()?.RootNode ?? new YamlMappingNode(), typeof(AgentOptions), "");
        if (options is not null) Relations.Check(options, binder);
        return binder.Mistakes.Count == 0 && options is not null
            ? options
            : throw new ConfigurationException([.. binder.Mistakes.OrderBy(m => m.Line)]);
    }
}
