using CvOps.Contracts;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>Reads a YAML document from afar, with limits that a file of the device's own does not need.</summary>
internal static class SettingsText
{
    private const int MostNesting = 32;

    /// <exception cref="ConfigurationException">Too long, not YAML, not one section of keys, or with aliases, of which a small text makes a huge one.</exception>
    public static YamlMappingNode Read(string text)
    {
        if (text.Length > Limits.ConfigurationCharacters) throw new ConfigurationException($"The settings have {text.Length} characters; {Limits.ConfigurationCharacters} are taken at most.");
        var yaml = new YamlStream();
        try
        {
            if (Problem(text) is { } problem) throw new ConfigurationException([problem]);
            yaml.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new ConfigurationException([new Mistake((int)e.Start.Line, "", $"this is not YAML: {e.Message.TrimEnd('.')}; check indentation (spaces, no tabs) and colons")]);
        }
        return yaml.Documents switch
        {
            [{ RootNode: YamlMappingNode root }] => root,
            [] => new YamlMappingNode(),
            [{ RootNode: YamlScalarNode { Value: "", Style: ScalarStyle.Plain } }] => new YamlMappingNode(),
            [_] => throw new ConfigurationException([new Mistake(1, "", "sections of 'key: value' lines are expected here")]),
            _ => throw new ConfigurationException([new Mistake(1, "", "one document is expected here, without '---' between parts")]),
        };
    }

    private static Mistake? Problem(string text)
    {
        var (parser, nesting) = (new Parser(new StringReader(text)), 0);
        while (parser.MoveNext())
        {
            if (parser.Current is AnchorAlias alias) return new Mistake((int)alias.Start.Line, "", "aliases ('*name') are not taken from afar; write the value itself, or quote it");
            nesting += parser.Current?.NestingIncrease ?? 0;
            if (nesting > MostNesting) return new Mistake((int)parser.Current!.Start.Line, "", $"this is nested more than {MostNesting} deep");
        }
        return null;
    }
}
