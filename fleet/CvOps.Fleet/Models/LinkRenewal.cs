using CvOps.Contracts;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Models;

/// <summary>
/// A device that was away for weeks finds a download link that is over, or nearly, and waits in Downloading: it gets the same desired model under
/// a fresh link. Asked again with the old version, nothing happens.
/// </summary>
internal sealed class LinkRenewal(DesiredTwins twins, DeviceDirectory devices, ModelLinks links) : IFleetObserver
{
    public async ValueTask OnTwinReported(DeviceId device, TwinReported reported, CancellationToken cancel)
    {
        await RenewProgramAsync(device, reported, cancel);
        if (reported.Model.State != UpdateState.Downloading || (await devices.FindAsync(device, cancel))?.Desired is not { Model: { } wanted } desired) return;
        if (reported.DesiredVersion < desired.Version || reported.Model.Target != wanted.Model.Digest || !links.IsAging(wanted.Url)) return;
        await twins.RenewLinkAsync(device, desired.Version, links.For(wanted.Model.Digest), links.ForChunks(wanted.Model.Digest), cancel);
    }

    private async Task RenewProgramAsync(DeviceId device, TwinReported reported, CancellationToken cancel)
    {
        if (reported.Program is not { State: ProgramState.Downloading } program || (await devices.FindAsync(device, cancel))?.Desired is not { Program: { } wanted } desired) return;
        if (reported.DesiredVersion < desired.Version || program.Target != wanted.Digest || !links.IsAging(wanted.Url)) return;
        await twins.RenewProgramLinkAsync(device, desired.Version, links.ForProgram(wanted.Digest), cancel);
    }
}
