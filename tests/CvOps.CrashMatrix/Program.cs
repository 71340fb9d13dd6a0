using System.Text.Json;
using CvOps.CrashMatrix;
using CvOps.CrashMatrix.Rollouts;
using CvOps.Testing;

switch (args)
{
    case ["host", var order]:
        using (var host = new UpdateHost(JsonSerializer.Deserialize(order, HostJson.Default.HostOrder)!)) return await host.RunAsync();
    case [TelemetryHost.Command, var folder, var port, var drains]:
        return await TelemetryHost.RunAsync(folder, port, drains == TelemetryHost.Drains);
    case ["full" or "quick" or "fleet"]:
        if (UnkindDisk.Missing is { } missing)
        {
            Console.Error.WriteLine(missing);
            return 69;      // EX_UNAVAILABLE of sysexits.h
        }
        var (quick, known, wrong) = (args[0] == "quick", 0, 0);
        if (args[0] != "fleet")
        {
            using var disk = new UnkindDisk();
            await using var shop = await PackageShop.OpenAsync();
            var rows = await new CvOps.CrashMatrix.CrashMatrix(shop, disk, quick).RunAsync(_ => Tell());
            CrashTable.Print(rows, Console.Out);
            wrong = rows.Count(row => row.Trouble is not null);
        }
        var kills = await new RolloutCrashes(quick).RunAsync(row => Console.Error.WriteLine(row.Trouble is null ? row.Line : $"{row.Line} WRONG: {row.Trouble}"));
        RolloutCrashRow.Print(kills, Console.Out);
        return wrong + kills.Count(row => row.Trouble is not null) == 0 ? 0 : 1;

        void Tell()
        {
            if (Interlocked.Increment(ref known) % 20 == 0) Console.Error.WriteLine($"{known} rows known");
        }
    default:
        Console.Error.WriteLine("usage: CvOps.CrashMatrix full | quick | fleet");
        return 64;          // EX_USAGE
}
