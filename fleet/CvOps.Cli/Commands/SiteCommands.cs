using System.CommandLine;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

internal static class SiteCommands
{
    public static Command All(FleetCommand on)
    {
        var sites = new Command("site", "What the fleet knows of plants.");
        var site = new Argument<string?>("site") { Arity = ArgumentArity.ZeroOrOne };
        var shifts = new Argument<string[]>("shifts") { Description = "name=HH:mm-HH:mm[/mo,tu,...], e.g. night=22:00-06:00/mo,tu,we,th,fr", Arity = ArgumentArity.ZeroOrMore };
        var zone = new Option<string?>("--time-zone") { Description = "IANA name, e.g. Europe/Berlin; UTC otherwise." };
        var none = new Option<bool>("--none") { Description = "The site has no shifts any more." };
        sites.Add(on.On(new Command("shifts", "The shifts of every site, of one, or new ones for it; windows of rollouts can name them.") { site, shifts, zone, none }, async (parsed, fleet, screen, ct) =>
        {
            var (name, written) = (parsed.GetValue(site), parsed.GetValue(shifts)!);
            if (name is null || (written.Length == 0 && !parsed.GetValue(none)))
            {
                var known = await fleet.Get<SiteShifts[]>("sites/shifts", ct);
                screen.Table([.. known.Where(one => name is null || one.Site.Value == name)], "No shifts are known. Say them with 'cvops site shifts SITE early=06:00-14:00 ... --time-zone Europe/Berlin'.",
                    ("site", one => one.Site.Value), ("time zone", one => one.TimeZone ?? "UTC"), ("shifts", Words));
                return;
            }
            if (!Identifier.IsValid(name)) throw new CliException($"'{name}' is no name of a site.", ExitCodes.Configuration);
            var set = new SiteShifts(new SiteId(name), parsed.GetValue(zone), parsed.GetValue(none) ? [] : [.. written.Select(Read)]);
            set = await fleet.Put<SiteShifts, SiteShifts>($"sites/{name}/shifts", set, ct);
            screen.One(set, ("site", set.Site.Value), ("time zone", set.TimeZone ?? "UTC"), ("shifts", set.Shifts.Count == 0 ? "none" : Words(set)));
        }));
        return sites;
    }

    private static string Words(SiteShifts set) => string.Join('\n', set.Shifts.Select(shift => $"{shift.Name} {shift.From}-{shift.To}{(shift.Days is null ? "" : $" {string.Join(',', shift.Days)}")}"));

    private static Shift Read(string text)
    {
        var (name, rest) = DeviceCommands.Pair(text);
        var (hours, days) = rest.IndexOf('/', StringComparison.Ordinal) is >= 0 and var cut ? (rest[..cut], rest[(cut + 1)..].Split(',')) : (rest, null);
        return hours.Split('-') is [var from, var to] ? new Shift(name, from, to, days) : throw new CliException($"'{text}' is not of the form name=HH:mm-HH:mm.", ExitCodes.Configuration);
    }
}
