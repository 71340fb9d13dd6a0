using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Devices;
using CvOps.Fleet.Drift;
using CvOps.Fleet.Storage;
using CvOps.Fleet.Storage.Portable;
using CvOps.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Storage;

public sealed class PortableFleetTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fleet_goes_through_a_file_into_another_folder_and_runs_on_there()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-1");
        for (var part = 0; part < 30; part++) await device.SendAsync(device.Inspection(part));
        await UntilCountedAsync(fleet, 30);
        await fleet.Services.GetRequiredService<DesiredTwins>().ChangeLabelsAsync(new DeviceId("press-1"), new LabelsChange(new Dictionary<string, string?> { ["line"] = "4" }), "test", TestContext.Current.CancellationToken);
        var summary = new DriftSummary("press-1/cam", DriftState.Stable, false);
        await fleet.Grains.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).Report(summary);
        await fleet.StopFleetAsync();
        var file = fleet.InFolder("fleet.cvexport");

        var written = await PortableFleet.ExportAsync(fleet.Options, file, Cancel);
        fleet.Options.Data = fleet.InFolder("other");
        var read = await PortableFleet.ImportAsync(fleet.Options, file, Cancel);

        Assert.Equal(written, read);
        Assert.Equal((30, 1), (read["inspections"], read["devices"]));
        await fleet.StartFleetAsync();
        var cursor = await MaxCursorAsync(fleet);
        // The marks came along: what was applied there is not applied here again, and what is new is numbered on.
        device.Boot = 1;
        await device.SendAsync(device.Inspection(30));
        await UntilCountedAsync(fleet, 31);
        Assert.Equal(cursor + 1, await MaxCursorAsync(fleet));
        // What grains keep did, too, and what rows keep: the device adds to the labels it had.
        Assert.Equal([summary], await fleet.Grains.GetGrain<IDriftIndexGrain>(IDriftIndexGrain.Key).List());
        Assert.Equal(["area", "line"], (await fleet.Services.GetRequiredService<DesiredTwins>().ChangeLabelsAsync(new DeviceId("press-1"), new LabelsChange(new Dictionary<string, string?> { ["area"] = "b" }), "test", TestContext.Current.CancellationToken)).Keys.Order());
    }

    [Theory]
    [InlineData(0.3, "is no export|ends in the middle")]
    [InlineData(0.9, "is no export|ends in the middle")]
    public async Task A_torn_file_is_refused_and_leaves_nothing(double kept, string reason)
    {
        using var folder = new TestFolder();
        var file = await MadeAsync(folder);
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        await File.WriteAllBytesAsync(folder["torn"], bytes[..(int)(bytes.Length * kept)], Cancel);

        var refused = await Assert.ThrowsAsync<PortableFileException>(() => PortableFleet.ImportAsync(new FleetOptions { Data = folder["b"] }, folder["torn"], Cancel));

        Assert.Matches(reason, refused.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["b"]));
        // And it can be tried again with the whole one.
        Assert.Equal(3, (await PortableFleet.ImportAsync(new FleetOptions { Data = folder["b"] }, file, Cancel))["audit"]);
    }

    [Fact]
    public async Task An_import_into_a_folder_with_data_and_an_export_over_a_file_are_refused()
    {
        using var folder = new TestFolder();
        var file = await MadeAsync(folder);

        var taken = await Assert.ThrowsAsync<InvalidDataException>(() => PortableFleet.ImportAsync(new FleetOptions { Data = folder["a"] }, file, Cancel));
        var there = await Assert.ThrowsAsync<IOException>(() => PortableFleet.ExportAsync(new FleetOptions { Data = folder["a"] }, file, Cancel));

        Assert.Contains("grains.db", taken.Message, StringComparison.Ordinal);
        Assert.Contains("there already", there.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_of_every_kind_come_back_as_they_were()
    {
        using var folder = new TestFolder();
        object?[] row = [null, "t \u0001 \n ä", long.MaxValue, long.MinValue, 0.1, 3.0, new byte[] { 0, 255 }, 7];
        using (var file = new PortableFile.Writer(folder["x"], 1))
        {
            file.Table("a", ["a", "b", "c", "d", "e", "f", "g", "h"]);
            file.Row(row);
            file.Finish();
        }
        object?[]? read = null;
        PortableFile.Read(folder["x"], 1, (_, _) => values => read = values);

        // A whole number is a whole number: the column it goes to says what it is there.
        row[5] = 3L;
        row[7] = 7L;
        Assert.Equal(row, read);
    }

    [Fact]
    public async Task The_command_says_what_it_moved_and_what_is_left_to_copy()
    {
        using var folder = new TestFolder();
        var file = await MadeAsync(folder);
        using var output = new StringWriter();
        using var errors = new StringWriter();

        Assert.Equal(0, await PortableCommand.RunAsync(["import", file, "--data", folder["b"]], folder.Path, output, errors, Cancel));
        Assert.Equal(1, await PortableCommand.RunAsync(["import", file, "--data", folder["b"]], folder.Path, output, errors, Cancel));
        Assert.Equal(78, await PortableCommand.RunAsync(["export"], folder.Path, output, errors, Cancel));
        Assert.Equal(78, await PortableCommand.RunAsync(["export", folder["x"], "--data", folder["nowhere"]], folder.Path, output, errors, Cancel));

        Assert.Matches(@"\b3 audit", output.ToString());
        Assert.Contains("blobs/", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("nothing of it was kept", errors.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> MadeAsync(TestFolder folder)
    {
        var options = new FleetOptions { Data = folder["a"] };
        Directory.CreateDirectory(options.Data);
        TestCluster.Prepare(options);
        using (var database = SiloWiring.OpenDatabase(options))
            for (var i = 0; i < 3; i++)
                await database.WriteAsync(connection => connection.Execute("INSERT INTO audit (at, by, action, subject, detail) VALUES (1, 'a', 'b', 'c', 'd')"), Cancel);
        await PortableFleet.ExportAsync(options, folder["fleet.cvexport"], Cancel);
        return folder["fleet.cvexport"];
    }

    private static Task<long> MaxCursorAsync(FleetHost fleet) => fleet.Services.GetRequiredService<Database>().ReadAsync(connection => connection.ExecuteScalar<long>("SELECT max(cursor) FROM inspections"), Cancel);

    private static Task UntilCountedAsync(FleetHost fleet, long count) => FleetHost.UntilAsync(
        async () => await fleet.Services.GetRequiredService<DeviceDirectory>().FindAsync(new DeviceId("press-1"), Cancel) is { Duplicates: 0 } device && device.Inspections == count, $"{count} inspections");
}
