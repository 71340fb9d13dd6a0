using System.CommandLine;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

internal static class GroupCommands
{
    private const int MembersShown = 50;

    public static Command All(FleetCommand on)
    {
        var groups = new Command("group", "Named sets of devices, by list or by selector; selectors know them as the label group.");
        groups.Add(on.On(new Command("list", "Every group."), async (_, fleet, screen, ct) =>
            screen.Table(await fleet.Get<GroupView[]>("groups", ct), "No group yet. Make one with 'cvops group set NAME --select ...'.",
                ("group", group => group.Name), ("devices", group => $"{group.Members.Count}"), ("is", group => group.Select ?? "a list"))));

        var name = new Argument<string>("name");
        groups.Add(on.On(new Command("show", "One group and who is in it.") { name }, async (parsed, fleet, screen, ct) => Show(screen, await fleet.Get<GroupView>($"groups/{parsed.GetValue(name)}", ct))));

        var select = new Option<string?>("--select") { Description = "A label selector: whoever matches, whenever somebody asks." };
        var devices = new Option<string[]?>("--devices") { Description = "A list of devices, which stays as it is.", AllowMultipleArgumentsPerToken = true };
        groups.Add(on.On(new Command("set", "Make a group, or say anew who is in it.") { name, select, devices }, async (parsed, fleet, screen, ct) =>
        {
            DeviceId[]? listed;
            try
            {
                listed = parsed.GetValue(devices) is { Length: > 0 } ids ? [.. ids.SelectMany(id => id.Split(',', StringSplitOptions.RemoveEmptyEntries)).Select(id => new DeviceId(id))] : null;
            }
            catch (FormatException e)
            {
                throw new CliException(e.Message, ExitCodes.Configuration);
            }
            Show(screen, await fleet.Put<GroupRequest, GroupView>($"groups/{parsed.GetValue(name)}", new GroupRequest(listed, parsed.GetValue(select)), ct));
        }));

        groups.Add(on.Removal("remove", "Forget a group; its devices stay as they are.", name, group => $"groups/{group}", group => $"Group {group} is gone."));
        return groups;
    }

    private static void Show(Output.Screen screen, GroupView group) => screen.One(group,
        ("group", group.Name), ("is", group.Select ?? "a list"),
        ("devices", $"{group.Members.Count}: {string.Join(", ", group.Members.Take(MembersShown))}{(group.Members.Count > MembersShown ? ", ..." : "")}"));
}
