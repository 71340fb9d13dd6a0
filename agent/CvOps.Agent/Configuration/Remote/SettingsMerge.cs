using YamlDotNet.RepresentationModel;

namespace CvOps.Agent.Configuration.Remote;

/// <summary>
/// Puts settings from afar over the device's own file, key by key: a section's keys win one by one, entries of a camera are matched by its name, any
/// other list replaces the file's as a whole. Remembers which lines came from afar, so that a mistake names one of those.
/// </summary>
internal sealed class SettingsMerge
{
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly List<Mistake> _mistakes = [];

    private SettingsMerge() { }

    /// <returns>The whole configuration, and the text of each of its sections for comparison.</returns>
    /// <exception cref="ConfigurationException">With every mistake, those of the settings with their line; the file's own have none.</exception>
    public static EffectiveOptions Over(string file, string settings)
    {
        var root = ConfigurationFile.Read(file);
        var merge = new SettingsMerge();
        merge.Root(root, SettingsText.Read(settings));
        var binder = new YamlBinder();
        var options = ConfigurationFile.Bind(root, binder);
        var mistakes = merge._mistakes.Concat(binder.Mistakes.Select(mistake => mistake with { Line = merge.LineOf(mistake.Key) })).OrderBy(mistake => mistake.Line).ToArray();
        return mistakes.Length == 0 && options is not null ? EffectiveOptions.Of(options, root) : throw new ConfigurationException(mistakes);
    }

    private void Root(YamlMappingNode file, YamlMappingNode settings)
    {
        // Cameras first: what names them is checked against those.
        foreach (var (keyNode, value) in settings.Children.OrderBy(pair => Text(pair.Key) == "cameras" ? 0 : 1))
        {
            var section = Text(keyNode);
            Note(section, keyNode);
            if (RemoteKeys.WhyNot(section, null) is { } reason) Mistaken(section, reason);
            else if (!RemoteKeys.ByCamera.TryGetValue(section, out var name)) Section(file, keyNode, value, section, section);
            else if (value is YamlSequenceNode entries) Entries(file, entries, section, name);
            else Mistaken(section, "a list is expected here (lines that begin with '- ')");
        }
    }

    private void Section(YamlMappingNode into, YamlNode keyNode, YamlNode value, string section, string path)
    {
        if (value is not YamlMappingNode from)
        {
            Put(into, keyNode, value);
            return;
        }
        if (Find(into, Text(keyNode)) is not YamlMappingNode found) Put(into, keyNode, found = []);
        Keys(found, from, section, path);
    }

    private void Keys(YamlMappingNode into, YamlMappingNode from, string section, string path)
    {
        foreach (var (keyNode, value) in from.Children)
        {
            var (key, at) = (Text(keyNode), $"{path}.{Text(keyNode)}");
            Note(at, keyNode);
            // Only the section's own keys are in the list: what is below one goes with it.
            if ((path == section || path.EndsWith(']')) && RemoteKeys.WhyNot(section, key) is { } reason) Mistaken(at, reason);
            else Section(into, keyNode, value, section, at);
        }
    }

    private void Entries(YamlMappingNode file, YamlSequenceNode entries, string section, string name)
    {
        if (Find(file, section) is not YamlSequenceNode own) Put(file, new YamlScalarNode(section), own = []);
        var cameras = CamerasOf(file);
        for (var i = 0; i < entries.Children.Count; i++)
        {
            var at = $"{section}[{i}]";
            if (entries.Children[i] is not YamlMappingNode entry || Find(entry, name) is not YamlScalarNode { Value: { } camera })
            {
                Mistaken(at, $"an entry begins with '- {name}: ' and the camera's name, or '*' in quotes for every camera", (int)entries.Children[i].Start.Line);
                continue;
            }
            if (camera != RemoteKeys.EveryCamera && !cameras.Contains(camera))
            {
                Mistaken(at, $"there is no camera '{camera}' here; there are {string.Join(", ", cameras)}. Cameras are added at the device, whose file has their addresses", (int)entry.Start.Line);
                continue;
            }
            foreach (var each in camera == RemoteKeys.EveryCamera ? cameras : [camera]) Entry(own, entry, section, name, each);
        }
    }

    private void Entry(YamlSequenceNode own, YamlMappingNode entry, string section, string name, string camera)
    {
        var at = own.Children.ToList().FindIndex(it => it is YamlMappingNode mapping && Find(mapping, name) is YamlScalarNode { Value: { } value } && value == camera);
        if (at < 0)
        {
            own.Add(new YamlMappingNode(new YamlScalarNode(name), new YamlScalarNode(camera)));
            at = own.Children.Count - 1;
        }
        var path = $"{section}[{at}]";
        _lines.TryAdd(path, (int)entry.Start.Line);
        Keys((YamlMappingNode)own.Children[at], new YamlMappingNode(entry.Children.Where(pair => Text(pair.Key) != name)), section, path);
    }

    private static string[] CamerasOf(YamlMappingNode file) => Find(file, "cameras") is YamlSequenceNode cameras
        ? [.. cameras.Children.OfType<YamlMappingNode>().Select(camera => Find(camera, "id")).OfType<YamlScalarNode>().Select(id => id.Value ?? "")]
        : [];

    private static YamlNode? Find(YamlMappingNode mapping, string key) => mapping.Children.FirstOrDefault(pair => Text(pair.Key) == key).Value;

    private static void Put(YamlMappingNode into, YamlNode key, YamlNode value)
    {
        // In its place: the order of keys is not to look like a change.
        into.Children[into.Children.Keys.FirstOrDefault(it => Text(it) == Text(key)) ?? key] = value;
    }

    private static string Text(YamlNode node) => (node as YamlScalarNode)?.Value ?? "";

    private void Note(string path, YamlNode node) => _lines[path] = (int)node.Start.Line;

    private void Mistaken(string path, string problem, int? line = null) => _mistakes.Add(new Mistake(line ?? LineOf(path), path, problem));

    /// <summary>Of the key itself or of what it is in, where that came from afar; else 0.</summary>
    private int LineOf(string path)
    {
        for (var at = path; at.Length > 0; at = at[..Math.Max(0, at.LastIndexOfAny(['.', '[']))])
        {
            if (_lines.TryGetValue(at, out var line)) return line;
        }
        return 0;
    }
}
