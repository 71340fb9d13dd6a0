using CvOps.Agent.Configuration;
using CvOps.Contracts;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CvOps.Agent.Enrolment;

/// <summary>Where the identity goes: what a configuration that may not be complete yet says of it.</summary>
/// <param name="Spool">Folder of the messages that wait, which also counts the starts.</param>
/// <param name="Linked">Whether the file has a section <c>link</c>.</param>
internal sealed record EnrolmentTarget(string File, DeviceId Device, string Data, string Spool, string Ca, string Certificate, string Key, bool Exists, bool Linked, IReadOnlyList<string> Missing)
{
    private static readonly string[] Keys = ["brokers", "ca", "certificate", "key"];

    private const string DefaultData = "/var/lib/cvops-agent";

    /// <param name="device">From the command line; null: the file says it.</param>
    /// <exception cref="ConfigurationException">File and command line do not say which device this is, or say two.</exception>
    public static EnrolmentTarget Read(string file, string? device)
    {
        var exists = System.IO.File.Exists(file);
        var root = exists ? Root(file) : [];
        var link = Child(root, "link");
        var said = Text(root, "device");
        if (said is not null && device is not null && said != device) throw new ConfigurationException($"--device {device}: {file} says that this device is '{said}'.");
        var id = said ?? device ?? throw new ConfigurationException(exists ? $"{file} has no 'device:'; write it there or name it with --device." : $"There is no {file}; name the device with --device, or the file with --config.");
        if (!Identifier.IsValid(id)) throw new ConfigurationException($"'{id}' is no device id: use 1 to {Identifier.MaxLength} letters, digits, '-', '_' or '.', not starting with '.'.");
        var data = Text(root, "data") ?? DefaultData;
        var identity = FolderIn(data);
        var missing = link is null ? [] : Keys.Where(name => !link.Children.ContainsKey(name)).ToArray();
        return new EnrolmentTarget(file, new DeviceId(id), data, Text(Child(root, "spool"), "folder") ?? Path.Combine(data, "spool"),
            Text(link, "ca") ?? Path.Combine(identity, "ca.pem"), Text(link, "certificate") ?? Path.Combine(identity, "device.pem"), Text(link, "key") ?? Path.Combine(identity, "device.key"),
            exists, link is not null, missing);
    }

    /// <summary>Where the files are when nothing is said: the agent may write there, so it can renew them.</summary>
    public string Folder => FolderIn(Data);

    /// <summary>The section as it belongs into the file.</summary>
    public string Section(IReadOnlyList<string> brokers) => $"link:\n{string.Concat(Lines(brokers).Select(line => $"  {line.Key}: {line.Value}\n"))}";

    /// <summary>The keys of the section, one a line.</summary>
    public IReadOnlyDictionary<string, string> Lines(IReadOnlyList<string> brokers) => new Dictionary<string, string>
    {
        ["brokers"] = $"[{string.Join(", ", brokers.Select(Quote))}]", ["ca"] = Quote(Ca), ["certificate"] = Quote(Certificate), ["key"] = Quote(Key),
    };

    private static string FolderIn(string data) => Path.Combine(data, "identity");

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static YamlMappingNode Root(string file)
    {
        try
        {
            using var reader = System.IO.File.OpenText(file);
            var yaml = new YamlStream();
            yaml.Load(reader);
            return yaml.Documents.FirstOrDefault()?.RootNode as YamlMappingNode ?? [];
        }
        catch (Exception e) when (e is YamlException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The configuration '{file}' cannot be read: {e.Message}");
        }
    }

    private static YamlMappingNode? Child(YamlMappingNode? node, string name) => node is not null && node.Children.TryGetValue(name, out var child) ? child as YamlMappingNode : null;

    private static string? Text(YamlMappingNode? node, string name) => node is not null && node.Children.TryGetValue(name, out var child) && child is YamlScalarNode { Value: { Length: > 0 } text } ? text : null;
}
