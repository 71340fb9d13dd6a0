using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Models;
using CvOps.Fleet.Web.Layout;

namespace CvOps.Fleet.Web;

/// <summary>Something to go to.</summary>
/// <param name="Kind">page, device, rollout or model.</param>
public sealed record Found(string Text, string Path, string Icon, string Kind);

/// <summary>What the search of the dashboard's head finds by a part of its name.</summary>
internal sealed class FinderIndex(TwinStore twins, ModelRegistry models, SiteViews views)
{
    private const int MostDevices = 12;
    private const int MostOthers = 6;

    /// <param name="who">Finds what of their sites is; null: of all.</param>
    public async Task<IReadOnlyList<Found>> FindAsync(string text, Principal? who, CancellationToken cancel)
    {
        var own = who?.Sites(Permission.Read);
        var wanted = text.Trim();
        bool Fits(string name) => name.Contains(wanted, StringComparison.OrdinalIgnoreCase);
        var found = PageRights.Of(who ?? LocalToken.Principal).SelectMany(section => section.Pages).Where(page => Fits(page.Text)).Select(page => new Found(page.Text, page.Path, page.Icon, "page")).ToList();
        if (wanted.Length == 0) return found;
        found.AddRange(twins.Like(wanted, own is null ? MostDevices : int.MaxValue).Where(id => own is null || (twins.View(new DeviceId(id)) is { } device && own.Contains(device.Site.Value))).Take(MostDevices).Select(id => new Found(id, $"devices/{id}", Icon: "cpu", "device")));
        found.AddRange((await views.RolloutsAsync(who, cancel)).Where(rollout => Fits(rollout.Plan.Name) || Fits(rollout.Id)).Take(MostOthers)
            .Select(rollout => new Found(rollout.Plan.Name, $"rollouts/{rollout.Id}", Icon: "rocket", $"rollout, {Format.Words(rollout.State)}")));
        found.AddRange((await models.ListAsync(cancel)).Where(model => Fits(Format.Model(model.Model)) || model.Model.Digest.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)).Take(MostOthers)
            .Select(model => new Found(Format.Model(model.Model), $"models/{model.Model.Digest}", Icon: "box", "model")));
        return found;
    }
}
