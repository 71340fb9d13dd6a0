using System.Data.Common;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Api;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Devices;

/// <summary>
/// What the fleet wants of devices and calls them. A document is durable when a call returns and goes to the broker, retained, as soon as that can be
/// reached, also after a restart (<see cref="TwinPublisher"/>). What devices say is in <see cref="DeviceDirectory"/>.
/// </summary>
internal sealed class DesiredTwins(SharedWrites shared, TwinStore twins, TwinOutbox outbox, FleetEvents events, TimeProvider time)
{
    /// <summary>One transaction about any number of devices.</summary>
    public Task<T> WriteAsync<T>(Func<DbConnection, DesiredTable, T> work) => WriteAsync(work, CancellationToken.None);

    /// <inheritdoc cref="DesiredTable.Set(DeviceId, DesiredModel, string, bool)"/>
    /// <exception cref="InvalidOperationException">The fleet has never heard from the device, or it can't shadow.</exception>
    public async Task<TwinDesired> SetModelAsync(DeviceId device, DesiredModel model, string by, CancellationToken cancel) =>
        Taken(await WriteAsync((_, table) => table.Set(device, model, by), cancel));

    /// <inheritdoc cref="DesiredTable.Set(DeviceId, DesiredConfiguration, string, bool)"/>
    /// <exception cref="ArgumentException">The settings are longer than a device takes, or their digest is another.</exception>
    /// <exception cref="InvalidOperationException">The fleet has never heard from the device, or it takes no configuration from afar.</exception>
    public async Task<TwinDesired> SetConfigurationAsync(DeviceId device, DesiredConfiguration? configuration, string by, CancellationToken cancel)
    {
        if (configuration is not null && DesiredRule.WhyNoSettings(configuration) is { } mistake) throw new ArgumentException(mistake, nameof(configuration));
        return Taken(await WriteAsync((_, table) => table.Set(device, configuration, by), cancel));
    }

    /// <inheritdoc cref="DesiredTable.Set(DeviceId, DesiredProgram, string, bool)"/>
    /// <returns>Why the device can't be told that, a sentence; null when it was told.</returns>
    public async Task<string?> SetProgramAsync(DeviceId device, DesiredProgram? program, string by, bool again, CancellationToken cancel) =>
        (await WriteAsync((_, table) => table.Set(device, program, by, again), cancel)).Refusal;

    /// <inheritdoc cref="DesiredTable.RenewProgram"/>
    public Task RenewProgramLinkAsync(DeviceId device, long version, Uri url, CancellationToken cancel) => WriteAsync((_, table) =>
    {
        table.RenewProgram(device, version, url);
        return true;
    }, cancel);

    /// <inheritdoc cref="DesiredTable.Renew"/>
    public Task RenewLinkAsync(DeviceId device, long version, Uri url, Uri chunks, CancellationToken cancel) => WriteAsync((_, table) =>
    {
        table.Renew(device, version, url, chunks);
        return true;
    }, cancel);

    /// <returns>All labels of the device by now.</returns>
    /// <exception cref="InvalidOperationException">The fleet has never heard from the device.</exception>
    public async Task<Dictionary<string, string>> ChangeLabelsAsync(DeviceId device, LabelsChange change, string by, CancellationToken cancel) =>
        await WriteAsync((_, table) => table.Change(device, change, by), cancel) ?? throw new InvalidOperationException($"The fleet has never heard from device '{device}'.");

    private async Task<T> WriteAsync<T>(Func<DbConnection, DesiredTable, T> work, CancellationToken cancel)
    {
        var (result, _) = await shared.WriteAsync(connection =>
        {
            using var table = new DesiredTable(connection, time.GetUtcNow());
            return (Result: work(connection, table), table.Changed);
        }, written => Tell(written.Changed), cancel);
        return result;
    }

    /// <summary>In the order of the commits: memory never goes back to what a device was to have before.</summary>
    private void Tell(IReadOnlyList<(string Device, TwinWish Wish)> changed)
    {
        if (changed.Count == 0) return;
        outbox.Wake();
        foreach (var (device, wish) in changed)
        {
            twins.Wish(device, wish);
            events.Publish("device", device);
        }
    }

    private static TwinDesired Taken(Wanted wanted) => wanted.Desired ?? throw new InvalidOperationException(wanted.Refusal);
}
