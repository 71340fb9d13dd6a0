using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Api;
using CvOps.Plans;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Groups of devices and shifts of sites: what plans refer to.</summary>
internal static class GroupEndpoints
{
    public static void MapGroups(this IEndpointRouteBuilder api)
    {
        api.MapGet("/groups", async (DeviceGroups groups, PlanningFleet fleet, CancellationToken cancel) =>
            Results.Ok(Views(await groups.MembershipAsync(cancel), await All(fleet, cancel)).ToArray()));

        api.MapGet("/groups/{name}", async (string name, DeviceGroups groups, PlanningFleet fleet, CancellationToken cancel) =>
            Views(await groups.MembershipAsync(cancel), await All(fleet, cancel)).FirstOrDefault(group => group.Name == name) is { } view ? Results.Ok(view) : Problems.NotFound("group", name));

        api.MapPut("/groups/{name}", async (string name, GroupRequest request, HttpContext http, DeviceGroups groups, PlanningFleet fleet, Audit audit, CancellationToken cancel) =>
        {
            if (GroupRule.Refuse(name, request, await All(fleet, cancel), (await groups.MembershipAsync(cancel)).Names) is { } refusal) return Problems.Unprocessable(refusal);
            await groups.WriteAsync(new DeviceGroup(name, request.Devices, request.Select), cancel);
            await audit.RecordAsync(By(http), "group.set", name, request.Select ?? string.Join(", ", request.Devices!), cancel);
            return Results.Ok(Views(await groups.MembershipAsync(cancel), await All(fleet, cancel)).First(group => group.Name == name));
        });

        api.MapDelete("/groups/{name}", async (string name, HttpContext http, DeviceGroups groups, Audit audit, CancellationToken cancel) =>
        {
            if (!await groups.RemoveAsync(name, cancel)) return Problems.NotFound("group", name);
            await audit.RecordAsync(By(http), "group.removed", name, "", cancel);
            return Results.NoContent();
        });

        api.MapGet("/sites/shifts", async (ShiftStore shifts, CancellationToken cancel) => Results.Ok((await shifts.ReadAsync(cancel)).Values.ToArray()));

        api.MapGet("/sites/{site}/shifts", async (string site, ShiftStore shifts, CancellationToken cancel) =>
            (await shifts.ReadAsync(cancel)).Values.FirstOrDefault(it => it.Site.Value == site) is { } found ? Results.Ok(found) : Problems.NotFound("site with shifts", site));

        api.MapPut("/sites/{site}/shifts", async (string site, SiteShifts shifts, HttpContext http, ShiftStore store, PlanningFleet fleet, Audit audit, CancellationToken cancel) =>
        {
            if (shifts.Site.Value != site) return Problems.Unprocessable($"These are the shifts of site '{shifts.Site}', not of '{site}'.");
            var sites = (await All(fleet, cancel)).Select(device => device.Site.Value).Distinct().ToArray();
            if (!sites.Contains(site)) return Problems.Unprocessable($"No device is at a site '{site}'{Nearest.Hint(site, sites)}");
            if (ShiftRule.Refuse(shifts) is { } refusal) return Problems.Unprocessable(refusal);
            await store.WriteAsync(shifts, cancel);
            await audit.RecordAsync(By(http), "site.shifts", site, string.Join(", ", shifts.Shifts.Select(shift => $"{shift.Name} {shift.From}-{shift.To}")), cancel);
            return Results.Ok(shifts);
        });
    }

    private static Task<Candidate[]> All(PlanningFleet fleet, CancellationToken cancel) => fleet.ReadAsync(withClusters: false, new Dictionary<string, string>(), cancel);

    private static IEnumerable<GroupView> Views(GroupMembership groups, Candidate[] fleet)
    {
        var members = fleet.SelectMany(device => device.Groups.Select(group => (group, device.Id))).ToLookup(x => x.group, x => x.Id);
        return groups.Groups.Select(group => new GroupView(group.Name, group.Devices, group.Select, [.. members[group.Name]]));
    }

    private static string By(HttpContext http) => http.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault() ?? "api";
}
