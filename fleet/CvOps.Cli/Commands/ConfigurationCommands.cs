using System.CommandLine;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

/// <summary>Settings that the fleet keeps for rollouts: <c>cvops configuration push</c>, <c>list</c>, <c>show</c>.</summary>
internal static class ConfigurationCommands
{
    public static Command All(FleetCommand on)
    {
        var configuration = new Command("configuration", "Settings for devices, to be rolled out over their own files.");
        var file = new Argument<FileInfo>("file") { Description = "YAML in the words of agent.yaml: cameras, drift, sampling, tracking, update, zones." }.AcceptExistingOnly();
        var name = new Option<string?>("--name") { Description = "What people call it; default: the file's name." };
        configuration.Add(on.On(new Command("push", "Keep a file with the fleet; its digest goes into a plan as 'configuration'.") { file, name }, async (parsed, fleet, screen, ct) =>
        {
            var path = parsed.GetValue(file)!;
            var called = parsed.GetValue(name) ?? Path.GetFileNameWithoutExtension(path.Name);
            var view = await fleet.PostText<ConfigurationView>($"configurations?name={Uri.EscapeDataString(called)}", await File.ReadAllTextAsync(path.FullName, ct), "application/yaml", ct);
            screen.One(view, ("configuration", view.Name), ("digest", view.Digest));
        }));
        configuration.Add(on.On(new Command("list", "Every configuration, the newest first."), async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<ConfigurationView[]>("configurations", ct), "No configuration is kept yet: 'cvops configuration push settings.yaml'.",
                ("configuration", view => view.Name), ("at", view => $"{view.At:u}"), ("by", view => view.By), ("digest", view => view.Digest))));
        var digest = new Argument<string>("digest");
        configuration.Add(on.On(new Command("show", "One of them, with its text.") { digest }, async (parsed, fleet, screen, ct) =>
        {
            var view = await fleet.Get<ConfigurationView>($"configurations/{parsed.GetValue(digest)}", ct);
            screen.One(view, ("configuration", view.Name), ("digest", view.Digest), ("at", $"{view.At:u} by {view.By}"), ("settings", view.Settings));
        }));
        return configuration;
    }
}
