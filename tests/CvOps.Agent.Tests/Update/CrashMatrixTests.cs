using CvOps.Contracts.Twin;
using CvOps.CrashMatrix;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Update;

/// <summary>A part of the matrix; <c>make test-crash</c> runs all of it.</summary>
[Trait("tier", "fault"), Collection("agent process")]
public sealed class CrashMatrixTests
{
    [Fact]
    public async Task Whatever_cuts_an_update_short_the_device_ends_with_one_verified_model_in_charge()
    {
        if (UnkindDisk.Missing is { } missing) Skip.Because(missing);
        using var disk = new UnkindDisk();
        await using var shop = await PackageShop.OpenAsync();
        var rows = await new CvOps.CrashMatrix.CrashMatrix(shop, disk, quick: true).RunAsync(_ => { });
        var table = new StringWriter();
        CrashTable.Print(rows, table);
        TestContext.Current.TestOutputHelper?.WriteLine(table.ToString());
        Assert.All(rows, row => Assert.True(row.Trouble is null, $"{row.State} {row.When}, {row.What} at '{row.Where}': {row.Trouble}"));
        // A row that is not there can't fail.
        Assert.InRange(rows.Count, 17, 30);
        Assert.Contains(rows, row => row is { State: UpdateState.Shadowing, End: { State: UpdateState.Shadowing, InCharge: "v1" } });
    }
}
