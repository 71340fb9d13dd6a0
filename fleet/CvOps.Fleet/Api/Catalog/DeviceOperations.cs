using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Api.Catalog;

internal static class DeviceOperations
{
    private static readonly Feature Devices = new("Devices");

    public static IReadOnlyList<ApiOperation> All { get; } =
    [
        Devices.List<DeviceView>("/devices", "listDevices", "Devices, by a selector over their labels; all of them without a limit.", device => device.Id.Value) with { OwnPages = true },
        Devices.Get<DeviceView>("/devices/{id}", "getDevice", "One device: its twin, health, clock and newest connections."),
        Devices.Get<LabelsChange>("/devices/{id}/labels", "getDeviceLabels", "A device's labels.") with { Tagged = true },
        Devices.Put<LabelsChange, DeviceView>("/devices/{id}/labels", "changeDeviceLabels", "Sets labels of a device, and takes away those that are null.") with { Guards = "/devices/{id}/labels" },
        Devices.Post<ProgramOrder, DeviceView>("/devices/{id}/program", "setDeviceProgram", "Says which program a device's agent is to be; without a version none is wanted any more."),
        Devices.List<CommandView>("/devices/{id}/commands", "listDeviceCommands", "Commands to a device, newest first: sent, waiting, answered or expired.", command => command.Id),
        Devices.Post<CommandRequest, CvOps.Contracts.Twin.CommandResponse>("/devices/{id}/commands", "sendCommand", "Has a device do something and waits for its answer.") with { Refusals = [503, 504] },
        Devices.Get("/devices/{id}/cameras/{camera}/live", "watchCamera", "Server-sent events with a camera's pictures and what its model sees, as long as somebody looks.", "text/event-stream") with { Refusals = [503] },
        Devices.Page<InspectionPage>("/inspections", "listInspections", "Inspected parts in the order in which the fleet took them in; after=-1 begins now.", page => page.Rows.Count > 0 ? page.Next.ToString(CultureInfo.InvariantCulture) : null),
        Devices.List<GroupView>("/groups", "listGroups", "Named sets of devices with who is in them.", group => group.Name),
        Devices.Get<GroupView>("/groups/{name}", "getGroup", "One group and who is in it.") with { Tagged = true, TagBy = group => (GroupView)group with { Members = [] } },
        Devices.Put<GroupRequest, GroupView>("/groups/{name}", "setGroup", "Makes a group, or says anew who is in it.") with { Guards = "/groups/{name}" },
        Devices.Delete("/groups/{name}", "removeGroup", "Forgets a group; its devices stay as they are.") with { Guards = "/groups/{name}" },
        Devices.List<SiteShifts>("/sites/shifts", "listShifts", "The shifts of each site.", shifts => shifts.Site.Value),
        Devices.Get<SiteShifts>("/sites/{site}/shifts", "getShifts", "The shifts of a site.") with { Tagged = true },
        Devices.Put<SiteShifts, SiteShifts>("/sites/{site}/shifts", "setShifts", "Says when a site's shifts are; without any there are none any more.") with { Guards = "/sites/{site}/shifts" },
    ];
}
